// The short way's last stage: wrap what is for other nodes, rewrite what is for tasks of this node, and
// count both.
//
// Invariant: a frame ends as the general way would leave it, byte for byte, verdict and counters too.

import Wire

/// Wraps packets for the nodes of their tasks.
@inline(never)
func send(
    _ positions: inout Positions, of frames: inout MutableSpan<Frame>, _ range: Range<Int>,
    in bytes: inout MutableRawSpan, _ sights: borrowing MutableSpan<Sight>,
    _ services: inout MutableSpan<FlowTraffic>, _ state: inout NodeState,
    _ program: borrowing Program
) {
    var frames = frames._mutatingExtracting(range)
    for index in 0..<positions.count {
        let position = positions[index]
        guard let tunnel = program.tunnels[Int(sights[position].node.rawValue)] else { continue }
        count(sights[position], &services)
        frames[position].choice = sights[position].choice
        frames[position].trim(to: 14 &+ sights[position].byteCount)
        let innerByteCount = frames[position].wireByteCount
        frames[position].advance(-TunnelHeader.byteCount)
        frames[position].verdict = .transmitted(.underlay(sights[position].node))
        var bytes = bytes._mutatingExtracting(frames[position].range)
        let endpoint = Int(sights[position].endpoint.rawValue)
        tunnel.write(
            to: &bytes, innerByteCount: innerByteCount,
            trafficClass: sights[position].trafficClass & 3,
            sourcePort: overlaySourcePort(sights[position].hash),
            vni: program.shortEndpoints[endpoint].vni)
        program.shortEndpoints[endpoint].readdress(&bytes, at: TunnelHeader.byteCount)
    }
    let count = UInt64(truncatingIfNeeded: positions.count)
    state.ledger.received &+= count
    state.ledger.transmittedToUnderlay &+= count
}

/// Delivers packets of one family, or drops those that the flow table turned away.
@inline(never)
func deliver<Header: ShortHeader>(
    _ family: Header.Type, _ positions: inout Positions, of frames: inout MutableSpan<Frame>,
    _ range: Range<Int>, in bytes: inout MutableRawSpan, _ sights: borrowing MutableSpan<Sight>,
    _ services: inout MutableSpan<FlowTraffic>, _ endpoints: inout MutableSpan<FlowTraffic>,
    _ state: inout NodeState, _ program: borrowing Program
) {
    var frames = frames._mutatingExtracting(range)
    for index in 0..<positions.count {
        let position = positions[index]
        if sights[position].way.isOwner {
            state.remoteCount &+= 1
            frames[position].advance(TunnelHeader.byteCount)
        } else {
            state.localCount &+= 1
            count(sights[position], &services)
            frames[position].choice = sights[position].choice
        }
        if let reason = sights[position].drop {
            state.ledger.dropped[Int(reason.rawValue)] &+= 1
            frames[position].verdict = .dropped(reason)
            continue
        }
        let endpoint = sights[position].endpoint
        state.ledger.delivered &+= 1
        endpoints[Int(endpoint.rawValue)].requests.add(sights[position].byteCount)
        frames[position].verdict = .delivered(endpoint)
        var bytes = bytes._mutatingExtracting(frames[position].range)
        redirect(
            family, sights[position], &bytes, program.shortEndpoints[Int(endpoint.rawValue)])
    }
    state.ledger.received &+= UInt64(truncatingIfNeeded: positions.count)
}

/// Counts a packet where it enters.
@inline(__always)
private func count(_ sight: Sight, _ services: inout MutableSpan<FlowTraffic>) {
    services[Int(sight.service.rawValue)].requests.add(sight.byteCount)
}

/// Rewrites the packet that starts the frame in `bytes` for a task: Ethernet addresses, destination
/// address and port, hop limit and checksums, in place and by differences.
@inline(__always)
private func redirect<Header: ShortHeader>(
    _ family: Header.Type, _ sight: Sight, _ bytes: inout MutableRawSpan, _ task: ShortEndpoint
) {
    guard bytes.byteCount >= ShortPacket<Header>.leastByteCount,
        let address = Header.address(of: task)
    else { return }
    task.readdress(&bytes, at: 0)
    var delta = Header.redirect(
        &bytes, from: Header.destination(of: sight), to: address)
    let offset = ShortPacket<Header>.transport
    guard sight.proto != .sctp else {
        readdress(
            &bytes, at: offset, to: sight.target, byteCount: sight.byteCount &- Header.byteCount)
        return
    }
    delta.replace(sight.destinationPort.rawValue, with: sight.target.rawValue)
    bytes.setU16(offset &+ 2, sight.target.rawValue)
    // TCP's number is even and UDP's is odd, and which it is, nobody can predict.
    let isUDP = Int(sight.proto.rawValue & 1)
    let checksum = offset &+ 16 &- 10 &* isUDP
    // Zero is no checksum in UDP (RFC 768), and a sum that comes to zero is sent as 0xffff.
    let before = bytes.u16(checksum)
    guard before != 0 || isUDP == 0 else { return }
    let after = delta.applied(to: before)
    bytes.setU16(checksum, after == 0 && isUDP != 0 ? 0xffff : after)
}

/// Sets the destination port of an SCTP packet.
@inline(never)
private func readdress(
    _ bytes: inout MutableRawSpan, at offset: Int, to port: Port, byteCount: Int
) {
    var ports = MutableTransportPorts(
        &bytes, at: offset, proto: .sctp, packetByteCount: byteCount)
    ports?.setDestination(port)
}
