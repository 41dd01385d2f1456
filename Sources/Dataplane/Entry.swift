// The entry half: look the destination up, hash the flow, wrap the packet for the owner.
//
// Invariant: nothing is remembered of a flow here, so any node may take over any packet of it. Only
// fragments leave a trace, and only until their datagram is complete or times out.

import Wire

/// Sends a packet into the mesh, from a client or, on a network's own scope, from a task.
func enter(
    _ frame: inout Frame, _ packet: Packet, in scope: AddressScope, _ work: inout Work,
    _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    guard let target = program.addresses.find(packet.destination, in: scope) else {
        return .dropped(.notForMesh)
    }
    switch (target, packet.message) {
    case (_, .fragment):
        return follow(&frame, packet, &work, &state, program)
    case (.endpoint(let endpoint), _):
        remember(packet, .direct(endpoint), &work, &state, program)
        return carry(&frame, packet, to: endpoint, hash: 0, &work, &state, program)
    case (_, .echoReply):
        return .dropped(.unsupportedICMP)
    case (.service(let service), .echoRequest):
        guard program.services[service].slotCount > 0 else { return .dropped(.noTask) }
        remember(packet, .echo, &work, &state, program)
        return echo(&frame, packet, &work, program)
    case (_, .echoRequest):
        remember(packet, .host, &work, &state, program)
        return .consumed(.host)
    case (_, .transport):
        let flow = FlowKey(
            client: packet.source, clientPort: packet.sourcePort,
            servicePort: packet.destinationPort, proto: packet.proto)
        return choose(flow, target, &frame, packet, &work, &state, program)
    case (_, .error):
        guard let quote = quote(in: work.bytes(of: frame), packet),
            quote.source == packet.destination
        else { return .dropped(.unknownQuote) }
        let flow = FlowKey(
            client: quote.destination, clientPort: quote.destinationPort,
            servicePort: quote.sourcePort, proto: quote.proto)
        let verdict = choose(flow, target, &frame, packet, &work, &state, program)
        return verdict == .dropped(.portNotPublished) ? .dropped(.unknownQuote) : verdict
    }
}

/// Chooses the task for a flow and sends the packet there.
private func choose(
    _ flow: FlowKey, _ target: AddressTarget, _ frame: inout Frame, _ packet: Packet,
    _ work: inout Work, _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    guard !packet.source.isLinkLocal else { return .dropped(.martianSource) }
    guard let (service, port) = program.resolve(target, flow) else {
        return .dropped(.portNotPublished)
    }
    guard mayReport(packet, .destination, as: port) else { return .dropped(.badFragment) }
    work.services[Int(service.rawValue)].requests.add(packet.byteCount)
    guard let choice = program.choose(flow, service: service, target: port),
        program[choice.endpoint].hasAddress(isIPv4: packet.isIPv4)
    else {
        refuse(.portUnreachable, frame, packet, &work, &state, program)
        return .dropped(.noTask)
    }
    remember(packet, .request(choice), &work, &state, program)
    return send(choice, &frame, packet, &work, &state, program)
}

/// Sends a packet to the task that was chosen for it.
func send(
    _ choice: Choice, _ frame: inout Frame, _ packet: Packet, _ work: inout Work,
    _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    frame.choice = choice
    guard packet.hopLimit > 1 else {
        refuse(.timeExceeded, frame, packet, &work, &state, program)
        return .dropped(.ttlExpired)
    }
    guard program[choice.endpoint].node == program.node else {
        return carry(
            &frame, packet, to: choice.endpoint, hash: choice.hash, &work, &state, program)
    }
    state.localCount &+= 1
    return deliver(choice, entry: program.node, &frame, packet, &work, &state, program)
}

/// Carries a packet to an endpoint as it is: over the underlay, or across this node's own bridge.
func carry(
    _ frame: inout Frame, _ packet: Packet, to index: EndpointIndex, hash: UInt64,
    _ work: inout Work, _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    let network = program[index].network
    guard program[index].node != program.node else {
        work.readdress(
            frame, source: program[network].balancerMAC, destination: program[index].mac)
        work.endpoints[Int(index.rawValue)].requests.add(packet.byteCount)
        return .delivered(index)
    }
    return wrap(
        &frame, packet, in: network, to: program[index].node, mac: program[index].mac, hash: hash,
        &work, &state, program)
}

/// Wraps a packet for another node, cut into fragments if it must be and may be.
func wrap(
    _ frame: inout Frame, _ packet: Packet, in network: NetworkIndex, to node: NodeIndex,
    mac: MACAddress, hash: UInt64, _ work: inout Work,
    _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    if let verdict = refuseUncut(frame, packet, in: network, &work, &state, program) {
        return verdict
    }
    if packet.byteCount > program[network].mtu(of: packet) {
        guard
            fragment(
                &frame, packet, in: network, to: node, mac: mac, hash: hash, &work, program)
        else { return .dropped(.packetTooBig) }
    }
    encapsulate(
        &frame, end: packet.end, trafficClass: packet.trafficClass, in: network, to: node, mac: mac,
        hash: hash,
        &work, program)
    return .transmitted(.underlay(node))
}

extension Program {
    /// The service that an address and a flow's port lead to, and the task's port behind it.
    @inline(__always)
    func resolve(
        _ target: AddressTarget, _ flow: FlowKey
    ) -> (service: VirtualServiceIndex, target: Port)? {
        switch target {
        case .node:
            guard let binding = ports.find(flow.proto, flow.servicePort) else { return nil }
            return (binding.service, binding.target)
        case .service(let service): return (service, flow.servicePort)
        case .endpoint, .balancer: return nil
        }
    }
}

extension Endpoint {
    /// Its address of one family, in the mapped form.
    @inline(__always)
    func address(isIPv4: Bool) -> IPv6Address? {
        isIPv4 ? address4.map { IPv6Address(mapped: $0) } : address6
    }

    @inline(__always)
    func hasAddress(isIPv4: Bool) -> Bool {
        isIPv4 ? address4 != nil : address6 != nil
    }
}
