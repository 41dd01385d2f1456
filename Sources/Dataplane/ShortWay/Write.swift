// The short way's last stage: wrap what is for other nodes, rewrite what is for tasks of this node, and
// count both.
//
// Invariant: a frame ends as the general way would leave it, byte for byte, verdict and counters too.

import Wire

/// Writes the frames of a range, whose sights are complete.
@inline(never)
func write(
    _ range: Range<Int>, of frames: inout MutableSpan<Frame>, in bytes: inout MutableRawSpan,
    _ sights: borrowing MutableSpan<Sight>, _ services: inout MutableSpan<FlowTraffic>,
    _ endpoints: inout MutableSpan<FlowTraffic>, _ state: inout NodeState,
    _ program: borrowing Program
) {
    var frames = frames._mutatingExtracting(range)
    state.ledger.received &+= UInt64(truncatingIfNeeded: frames.count)
    for position in frames.indices {
        let way = sights[position].way
        if way.isOwner {
            state.remoteCount &+= 1
            frames[position].advance(TunnelHeader.byteCount)
        } else {
            services[Int(sights[position].service.rawValue)].requests
                .add(sights[position].byteCount)
            frames[position].choice = sights[position].choice
            guard way.isLocal else {
                state.ledger.transmittedToUnderlay &+= 1
                send(sights[position], &frames[position], &bytes, program)
                continue
            }
            state.localCount &+= 1
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
        if way.isIPv4 {
            redirect(
                ShortIPv4.self, sights[position], &bytes,
                program.shortEndpoints[Int(endpoint.rawValue)])
        } else {
            redirect6(sights[position], &bytes, program.shortEndpoints[Int(endpoint.rawValue)])
        }
    }
}

/// Wraps a packet for the node of its task.
@inline(__always)
private func send(
    _ sight: Sight, _ frame: inout Frame, _ bytes: inout MutableRawSpan,
    _ program: borrowing Program
) {
    guard let tunnel = program.tunnels[Int(sight.node.rawValue)] else { return }
    frame.trim(to: 14 &+ sight.byteCount)
    let innerByteCount = frame.wireByteCount
    frame.advance(-TunnelHeader.byteCount)
    frame.verdict = .transmitted(.underlay(sight.node))
    var bytes = bytes._mutatingExtracting(frame.range)
    let task = program.shortEndpoints[Int(sight.endpoint.rawValue)]
    tunnel.write(
        to: &bytes, innerByteCount: innerByteCount, trafficClass: sight.trafficClass & 3,
        sourcePort: overlaySourcePort(sight.hash), vni: task.vni)
    task.readdress(&bytes, at: TunnelHeader.byteCount)
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

@inline(never)
private func redirect6(_ sight: Sight, _ bytes: inout MutableRawSpan, _ task: ShortEndpoint) {
    redirect(ShortIPv6.self, sight, &bytes, task)
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
