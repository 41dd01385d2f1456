// The owner's half: take a frame out of the overlay, give it to the task it names.
//
// Invariant: a frame reaches a task only if the task's own service is published at the port, or has
// the virtual address, that the frame was sent to; and a flow is remembered before its packet is
// delivered, so a reply always finds it. A task sees its clients' own addresses, but for its own: no host
// takes a packet that says to come from itself, so there its node's load balancer stands for it.

import Wire

/// Unwraps VXLAN and hands the inner frame to the task, or to the client, that it is for.
func receive(
    _ frame: inout Frame, _ packet: inout Packet, _ work: inout Work,
    _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    let outer = packet.trafficClass
    let entry: NodeIndex
    let network: NetworkIndex
    switch decapsulate(&frame, packet, work, program) {
    case .drop(let reason): return .dropped(reason)
    case .frame(let node, let index): (entry, network) = (node, index)
    }
    switch parse(work.bytes(of: frame), wireByteCount: frame.wireByteCount, into: &packet) {
    case .drop(let reason): return .dropped(reason)
    case .neighbour: return .consumed(.neighbour)
    case .packet: break
    }
    guard keepCongestionMark(outer, frame, &packet, &work) else {
        return .dropped(.congestionMarkLost)
    }
    let mac = EthernetHeader(work.bytes(of: frame))?.destination ?? .broadcast
    switch program.addresses.find(mac, in: .mac(network)) {
    case .endpoint(let endpoint):
        return admit(endpoint, entry: entry, &frame, packet, &work, &state, program)
    case .balancer:
        return hand(&frame, packet, &work, program)
    default: return .dropped(.unknownMAC)
    }
}

/// Hands a reply that came back through this node to its client.
private func hand(
    _ frame: inout Frame, _ packet: Packet, _ work: inout Work, _ program: borrowing Program
) -> Verdict {
    guard case .node = program.addresses.find(packet.source, in: .clients) else {
        return .dropped(.notForMesh)
    }
    work.readdress(frame, source: program.own.mac, destination: program.routerMAC)
    return .transmitted(.clients)
}

/// Delivers a frame that came in over the overlay, if its service is the task's.
@inline(__always)
private func admit(
    _ index: EndpointIndex, entry: NodeIndex, _ frame: inout Frame, _ packet: Packet,
    _ work: inout Work, _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    guard !packet.source.isLinkLocal else { return .dropped(.martianSource) }
    guard packet.destination != program[index].address(isIPv4: packet.isIPv4) else {
        work.endpoints[Int(index.rawValue)].requests.add(packet.byteCount)
        return .delivered(index)
    }
    state.remoteCount &+= 1
    guard packet.hopLimit > 1 else { return .dropped(.ttlExpired) }
    guard packet.message != .fragment else {
        // The entry node chose by the first fragment; the address is all there is to rewrite.
        let choice = Choice(hash: 0, service: .none, slot: 0, endpoint: index, target: Port(0))
        return deliver(choice, entry: entry, &frame, packet, &work, &state, program)
    }
    let flow: FlowKey
    if packet.message == .error {
        guard let quote = quote(in: work.bytes(of: frame), packet),
            quote.source == packet.destination
        else { return .dropped(.unknownQuote) }
        flow = FlowKey(
            client: quote.destination, clientPort: quote.destinationPort,
            servicePort: quote.sourcePort, proto: quote.proto)
    } else {
        flow = FlowKey(
            client: packet.source, clientPort: packet.sourcePort,
            servicePort: packet.destinationPort, proto: packet.proto)
    }
    guard packet.message != .echoRequest, packet.message != .echoReply,
        let (service, port) = program.admit(flow, sentTo: packet.destination, for: index)
    else { return .dropped(.notForTask) }
    let choice = Choice(hash: 0, service: service, slot: 0, endpoint: index, target: port)
    return deliver(choice, entry: entry, &frame, packet, &work, &state, program)
}

/// Remembers the flow, rewrites the packet for the task and delivers it.
func deliver(
    _ choice: Choice, entry: NodeIndex, _ frame: inout Frame, _ packet: Packet,
    _ work: inout Work, _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    guard let address = program[choice.endpoint].address(isIPv4: packet.isIPv4) else {
        return .dropped(.noTask)
    }
    guard mayReport(packet, .destination, as: choice.target) else { return .dropped(.badFragment) }
    var client: IPv6Address?
    if case .task(choice.endpoint) = frame.arrival {
        client = program[program[choice.endpoint].network].balancer(isIPv4: packet.isIPv4)
        guard client != nil else { return .dropped(.martianSource) }
    }
    if packet.message == .transport,
        let reason = remember(
            choice, entry: entry, packet, from: client ?? packet.source, &work, &state)
    {
        return .dropped(reason)
    }
    let quoted = packet.message == .error ? quote(in: work.bytes(of: frame), packet) : nil
    work.readdress(
        frame, source: program[program[choice.endpoint].network].balancerMAC,
        destination: program[choice.endpoint].mac)
    var bytes = work.mutableBytes(of: frame)
    if let quoted {
        translate(
            &bytes, packet, quoting: quoted, .destination, to: address, choice.target, other: client
        )
    } else {
        guard
            translate(&bytes, packet, .destination, to: address, choice.target, other: client)
        else {
            return .dropped(.badFragment)
        }
    }
    work.endpoints[Int(choice.endpoint.rawValue)].requests.add(packet.byteCount)
    return .delivered(choice.endpoint)
}

/// Enters a packet's flow in the flow table; the reason if that cannot be.
private func remember(
    _ choice: Choice, entry: NodeIndex, _ packet: Packet, from client: IPv6Address,
    _ work: inout Work, _ state: inout NodeCore
) -> Drop? {
    let flow = TaskFlow(
        client: client, clientPort: packet.sourcePort, targetPort: choice.target,
        endpoint: choice.endpoint, proto: packet.proto)
    let origin = FlowOrigin(
        address: packet.destination, port: packet.destinationPort, entry: entry,
        service: choice.service)
    let outcome = state.remember(
        flow, hash: flow.hash(state.flowKey), origin: origin, event: packet.event, &work)
    return countFlow(outcome, choice.service, choice.endpoint, &work.services, &work.endpoints)
}

/// Counts a flow if it is new; the reason if it could not be remembered.
@inline(__always)
func countFlow(
    _ outcome: FlowOutcome, _ service: VirtualServiceIndex, _ endpoint: EndpointIndex,
    _ services: inout MutableSpan<FlowTraffic>, _ endpoints: inout MutableSpan<FlowTraffic>
) -> Drop? {
    switch outcome {
    case .known: return nil
    case .new:
        services[Int(service.rawValue)].flowCount &+= 1
        endpoints[Int(endpoint.rawValue)].flowCount &+= 1
        return nil
    case .conflict: return .flowConflict
    case .full: return .flowTableFull
    }
}

extension Program {
    /// The service that a flow reaches and the task's port behind it, if it is the task's own service.
    func admit(
        _ flow: FlowKey, sentTo destination: IPv6Address, for endpoint: EndpointIndex
    ) -> (service: VirtualServiceIndex, target: Port)? {
        guard let target = target(of: destination, on: self[endpoint].network),
            let found = resolve(target, flow),
            services[found.service].service == self[endpoint].service
        else { return nil }
        return found
    }

    /// What a packet for an endpoint of a network was sent to: a published port is reached by a
    /// node's address, everything else by an address of the network itself.
    func target(of destination: IPv6Address, on network: NetworkIndex) -> AddressTarget? {
        if network == ingress, let node = addresses.find(destination, in: .clients) {
            return node
        }
        return addresses.find(destination, in: .network(network))
    }
}
