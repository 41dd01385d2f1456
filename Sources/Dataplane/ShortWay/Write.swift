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
        switch way {
        case .entry4, .entry6:
            services[Int(sights[position].service.rawValue)].requests
                .add(sights[position].byteCount)
            state.ledger.transmittedToUnderlay &+= 1
            send(sights[position], &frames[position], &bytes, program)
        case .local4, .local6:
            services[Int(sights[position].service.rawValue)].requests
                .add(sights[position].byteCount)
            state.localCount &+= 1
            frames[position].choice = sights[position].choice
            deliver(sights[position], &frames[position], &bytes, &endpoints, &state, program)
        case .owner4, .owner6:
            state.remoteCount &+= 1
            frames[position].advance(TunnelHeader.byteCount)
            deliver(sights[position], &frames[position], &bytes, &endpoints, &state, program)
        }
    }
}

/// Wraps a packet for the node of its task.
@inline(__always)
private func send(
    _ sight: Sight, _ frame: inout Frame, _ bytes: inout MutableRawSpan,
    _ program: borrowing Program
) {
    let task = program.shortEndpoints[Int(sight.endpoint.rawValue)]
    guard let tunnel = program.tunnels[Int(sight.node.rawValue)] else { return }
    frame.choice = sight.choice
    frame.trim(to: 14 &+ sight.byteCount)
    let innerByteCount = frame.wireByteCount
    frame.advance(-TunnelHeader.byteCount)
    frame.verdict = .transmitted(.underlay(sight.node))
    var bytes = bytes._mutatingExtracting(frame.range)
    tunnel.write(
        to: &bytes, innerByteCount: innerByteCount, trafficClass: sight.trafficClass & 3,
        sourcePort: overlaySourcePort(sight.hash), vni: task.vni)
    task.readdress(&bytes, at: TunnelHeader.byteCount)
}

/// Rewrites a packet for its task.
@inline(__always)
private func deliver(
    _ sight: Sight, _ frame: inout Frame, _ bytes: inout MutableRawSpan,
    _ endpoints: inout MutableSpan<FlowTraffic>, _ state: inout NodeState,
    _ program: borrowing Program
) {
    if let reason = sight.drop {
        state.ledger.dropped[Int(reason.rawValue)] &+= 1
        frame.verdict = .dropped(reason)
        return
    }
    state.ledger.delivered &+= 1
    frame.verdict = .delivered(sight.endpoint)
    endpoints[Int(sight.endpoint.rawValue)].requests.add(sight.byteCount)
    let task = program.shortEndpoints[Int(sight.endpoint.rawValue)]
    var bytes = bytes._mutatingExtracting(frame.range)
    switch sight.way {
    case .local4, .owner4, .entry4: redirect(ShortIPv4.self, sight, &bytes, task)
    case .local6, .owner6, .entry6: redirect(ShortIPv6.self, sight, &bytes, task)
    }
    task.readdress(&bytes, at: 0)
}

/// Rewrites the packet that starts the frame in `bytes`: destination address and port, hop limit and
/// checksums, in place and by differences.
@inline(__always)
private func redirect<Header: ShortHeader>(
    _ family: Header.Type, _ sight: Sight, _ bytes: inout MutableRawSpan, _ task: ShortEndpoint
) {
    guard bytes.byteCount >= ShortPacket<Header>.leastByteCount,
        let address = Header.address(of: task)
    else { return }
    var delta = Header.redirect(
        &bytes, from: Header.Address(mapped: sight.destination), to: address)
    let offset = ShortPacket<Header>.transport
    guard sight.proto != .sctp else {
        var ports = MutableTransportPorts(
            &bytes, at: offset, proto: sight.proto,
            packetByteCount: sight.byteCount &- Header.byteCount)
        ports?.setDestination(sight.target)
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
