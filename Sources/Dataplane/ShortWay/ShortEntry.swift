// The short way in: a client's packet to a published port, for a task on this node or another.
//
// Invariant: the frame, the counters and the verdict end as `enter` would leave them, or nothing is
// touched and the answer is nil.

import Wire

/// The short way for a frame from the network; nil sends it the long way.
@inline(__always)
func judgeShort(
    _ frame: inout Frame, _ work: inout Work, _ state: inout NodeState,
    _ program: borrowing Program
) -> Verdict? {
    guard frame.arrival == .network,
        let packet = ShortPacket(
            work.bytes(of: frame), at: 0, wireByteCount: frame.wireByteCount)
    else { return nil }
    let isOverlay =
        packet.proto == .udp && packet.destinationPort == program.vxlanPort
        && packet.target == program.own.vtep
    return isOverlay
        ? receiveShort(&frame, packet, &work, &state, program)
        : enterShort(&frame, packet, &work, &state, program)
}

@inline(__always)
private func enterShort(
    _ frame: inout Frame, _ packet: ShortPacket, _ work: inout Work, _ state: inout NodeState,
    _ program: borrowing Program
) -> Verdict? {
    guard case .node = program.addresses.find(packet.target, in: .clients),
        let binding = program.ports.find(packet.proto, packet.destinationPort)
    else { return nil }
    let flow = FlowKey(
        client: packet.client, clientPort: packet.sourcePort,
        servicePort: packet.destinationPort, proto: packet.proto)
    guard let choice = program.choose(flow, service: binding.service, target: binding.target)
    else { return nil }
    let endpoint = Int(choice.endpoint.rawValue)
    let node = program.endpoints[endpoint].node
    let network = program.endpoints[endpoint].network
    guard let address = program.endpoints[endpoint].address4,
        node == program.node || packet.byteCount <= program[network].mtu
    else { return nil }
    work.services[Int(choice.service.rawValue)].requests.add(packet.byteCount)
    frame.choice = choice
    guard node != program.node else {
        state.localCount &+= 1
        return deliverShort(
            choice, at: address, entry: node, &frame, packet, &work, &state, program)
    }
    encapsulate(
        &frame, end: 14 &+ packet.byteCount, trafficClass: packet.trafficClass, in: network,
        to: node,
        mac: program.endpoints[endpoint].mac, hash: choice.hash, &work, program)
    return .transmitted(.underlay(node))
}
