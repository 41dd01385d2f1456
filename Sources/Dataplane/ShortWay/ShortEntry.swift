// The short way in: a client's packet to a published port, for a task on this node or another.
//
// Invariant: a frame that is taken ends as `enter` would leave it, counters and verdict included; of
// one that is not taken nothing is touched.

import Wire

/// Takes clients' packets from `first` on; the index of the first frame that is none, or cannot go
/// the short way.
@inline(never)
func enterShort<Header: ShortHeader>(
    _ family: Header.Type, from first: Int, _ work: inout Work,
    _ state: inout NodeState, _ program: borrowing Program
) -> Int {
    var index = first
    while index < work.frameCount, enterShort(family, index, &work, &state, program) {
        index &+= 1
    }
    return index
}

@inline(__always)
private func enterShort<Header: ShortHeader>(
    _ family: Header.Type, _ index: Int, _ work: inout Work,
    _ state: inout NodeState, _ program: borrowing Program
) -> Bool {
    guard work.frames[index].isFresh,
        !isTunnelled(work.bytes(of: work.frames[index]), program),
        let packet = ShortPacket<Header>(
            work.bytes(of: work.frames[index]), at: 0,
            wireByteCount: work.frames[index].wireByteCount),
        packet.destinationPort != program.vxlanPort || packet.proto != .udp
            || packet.target != program.own.vtep,
        case .node = program.addresses.find(packet.target, in: .clients),
        let binding = program.ports.find(packet.proto, packet.destinationPort)
    else { return false }
    let flow = FlowKey(
        client: packet.client, clientPort: packet.sourcePort,
        servicePort: packet.destinationPort, proto: packet.proto)
    guard let choice = program.choose(flow, service: binding.service, target: binding.target)
    else { return false }
    let endpoint = program.shortEndpoints[Int(choice.endpoint.rawValue)]
    guard let address = Header.address(of: endpoint) else { return false }
    guard endpoint.node != program.node else {
        work.services[Int(choice.service.rawValue)].requests.add(packet.byteCount)
        work.frames[index].choice = choice
        state.localCount &+= 1
        deliverShort(
            choice, endpoint, at: address, entry: program.node, index, packet, &work, &state)
        return true
    }
    guard packet.byteCount <= endpoint.mtu,
        let tunnel = program.tunnels[Int(endpoint.node.rawValue)]
    else { return false }
    work.services[Int(choice.service.rawValue)].requests.add(packet.byteCount)
    work.frames[index].send(choice, to: endpoint.node, end: 14 &+ packet.byteCount)
    state.ledger.received &+= 1
    state.ledger.transmittedToUnderlay &+= 1
    let innerByteCount = work.frames[index].wireByteCount &- TunnelHeader.byteCount
    var bytes = work.mutableBytes(of: work.frames[index])
    tunnel.write(
        to: &bytes, innerByteCount: innerByteCount,
        trafficClass: packet.header.trafficClass & 3,
        sourcePort: overlaySourcePort(choice.hash), vni: endpoint.vni)
    endpoint.readdress(&bytes, at: TunnelHeader.byteCount)
    return true
}

/// Whether the address and port of this node's VTEP stand where an IPv4 packet has them: nothing that
/// enters here, as a rule, and cheaper to ask than anything else.
@inline(__always)
func isTunnelled(_ bytes: RawSpan, _ program: borrowing Program) -> Bool {
    bytes.byteCount >= ShortPacket<ShortIPv4>.leastByteCount && bytes.u32(30) == program.vtep4
        && bytes.u16(36) == program.vxlanPort.rawValue
}

extension Frame {
    /// Makes room for a tunnel's headers before what lies before `end`, and notes where it goes.
    @inline(__always)
    fileprivate mutating func send(_ choice: Choice, to node: NodeIndex, end: Int) {
        self.choice = choice
        trim(to: end)
        advance(-TunnelHeader.byteCount)
        verdict = .transmitted(.underlay(node))
    }
}
