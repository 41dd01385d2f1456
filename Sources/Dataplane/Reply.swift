// What tasks send: replies, whose source becomes what the client had sent to, and new flows of the
// task's own, which enter the mesh like any other.
//
// Invariant: a task speaks only from its own address, and a reply leaves the mesh with the very
// address and port that its client used, or not at all. Where a client sends datagrams from one port to two
// nodes, a task cannot say which it answers, and the one asked last counts.

import Wire

/// Judges a frame from a task of this node.
func leave(
    _ index: EndpointIndex, _ frame: inout Frame, _ packet: Packet, _ work: inout Work,
    _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    guard packet.source == program[index].address(isIPv4: packet.isIPv4),
        program[index].node == program.node
    else { return .dropped(.spoofedSource) }
    let scope = AddressScope.network(program[index].network)
    let target = program.addresses.find(packet.destination, in: scope)
    if case .service = target {
        return enter(&frame, packet, in: scope, &work, &state, program)
    }
    switch packet.message {
    case .fragment:
        return follow(&frame, packet, &work, &state, program)
    case .transport:
        let flow = TaskFlow(
            client: packet.destination, clientPort: packet.destinationPort,
            targetPort: packet.sourcePort, endpoint: index, proto: packet.proto)
        if let origin = state.reply(to: flow, event: packet.event, &work) {
            remember(packet, .reply(origin), &work, &state, program)
            return answer(
                origin, index, &frame, packet, nil, &work, &state, program)
        }
    case .error:
        if let quote = quote(in: work.bytes(of: frame), packet),
            quote.destination == packet.source
        {
            let flow = TaskFlow(
                client: quote.source, clientPort: quote.sourcePort,
                targetPort: quote.destinationPort, endpoint: index, proto: quote.proto)
            // A task's data changes nothing of a flow, and so does what it says of the way there.
            if let origin = state.reply(to: flow, event: .data, &work) {
                return answer(
                    origin, index, &frame, packet, quote, &work, &state, program)
            }
        }
    case .echoRequest, .echoReply: break
    }
    guard target != nil else { return .dropped(.noFlow) }
    return enter(&frame, packet, in: scope, &work, &state, program)
}

/// Sends a reply on its way back, from the address that its client knows.
func answer(
    _ origin: FlowOrigin, _ index: EndpointIndex, _ frame: inout Frame, _ packet: Packet,
    _ quote: Quote?, _ work: inout Work, _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    guard packet.hopLimit > 1 else {
        refuse(.timeExceeded, frame, packet, &work, &state, program)
        return .dropped(.ttlExpired)
    }
    let network = program[index].network
    var client = program.addresses.find(packet.destination, in: .network(network))
    // The task has called itself, and its load balancer stood for it.
    let isOwn = client == .balancer(program.node)
    if isOwn { client = .endpoint(index) }
    let isRemote = program.isRemote(client, origin)
    if isRemote,
        let verdict = refuseUncut(frame, packet, in: network, &work, &state, program)
    {
        return verdict
    }
    let own = isOwn ? packet.source : nil
    var bytes = work.mutableBytes(of: frame)
    if let quote {
        translate(
            &bytes, packet, quoting: quote, .source, to: origin.address, origin.port, other: own)
    } else {
        guard
            translate(&bytes, packet, .source, to: origin.address, origin.port, other: own)
        else {
            return .dropped(.badFragment)
        }
    }
    work.endpoints[Int(index.rawValue)].replies.add(packet.byteCount)
    work.services[Int(origin.service.rawValue)].replies.add(packet.byteCount)
    if case .endpoint(let client) = client {
        return carry(&frame, packet, to: client, hash: 0, &work, &state, program)
    }
    guard isRemote else {
        work.readdress(frame, source: program.own.mac, destination: program.routerMAC)
        return .transmitted(.clients)
    }
    let mac = program[origin.entry].ingressMAC
    return wrap(
        &frame, packet, in: network, to: origin.entry, mac: mac, hash: 0, &work, &state, program)
}

extension Program {
    /// Whether a reply crosses the underlay: to a client that is a task elsewhere, or back through
    /// an entry node that is not this one.
    func isRemote(_ client: AddressTarget?, _ origin: FlowOrigin) -> Bool {
        if case .endpoint(let index) = client { return self[index].node != node }
        return replyPath == .entry && origin.entry != node
    }
}
