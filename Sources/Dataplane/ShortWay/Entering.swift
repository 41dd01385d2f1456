// The short way's first loop: client's packets for published ports. One for a task of another node is
// wrapped there and then, for nothing is remembered of it; one for a task of this node gets a sight.
//
// Invariant: the choice is `Program.choose`'s, a frame that is wrapped ends as `enter` would leave it,
// byte for byte, verdict and counters too, and one that must go the long way is untouched.

import Wire

/// Leads frames from the start of the range on; how many.
@inline(never)
func enterShort(
    _ range: Range<Int>, of frames: inout MutableSpan<Frame>, in bytes: inout MutableRawSpan,
    _ services: inout MutableSpan<FlowTraffic>,
    _ sights4: inout MutableSpan<Sight<IPv4Address>>,
    _ sights6: inout MutableSpan<Sight<IPv6Address>>, _ seen: inout Seen,
    _ flows4: borrowing MutableSpan<FlowRecord<IPv4Address>>,
    _ flows6: borrowing MutableSpan<FlowRecord<IPv6Address>>, _ key: HashKey,
    _ program: borrowing Program
) -> Int {
    let (flows4, flows6) = (flows4.span, flows6.span)
    var frames = frames._mutatingExtracting(range)
    var bytes = bytes._mutatingExtracting(0..<bytes.byteCount)
    var services = services._mutatingExtracting(0..<services.count)
    var sights4 = sights4._mutatingExtracting(seen.count4..<sights4.count)
    var (count4, sentCount) = (0, 0)
    defer {
        seen.count4 &+= count4
        seen.sentCount &+= sentCount
    }
    let start = TunnelHeader.byteCount
    for index in frames.indices {
        guard frames[index].isFresh, frames[index].hasHeadroom else { return index }
        frames[min(index &+ 3, frames.count &- 1)].prefetch(0, in: bytes.bytes)
        var bytes = frames[index].roomyWindow(in: &bytes)
        guard bytes.byteCount >= start &+ ShortPacket<ShortIPv4>.leastByteCount else {
            return index
        }
        let position = range.lowerBound &+ index
        if bytes.u16(start &+ 12) == EtherType.ipv4.rawValue {
            guard
                enter(
                    ShortIPv4.self, position, &frames[index], &bytes, &services, &sights4,
                    &count4, &sentCount, flows4, key, program)
            else { return index }
        } else {
            guard bytes.u16(start &+ 12) == EtherType.ipv6.rawValue,
                enter6(
                    position, &frames[index], &bytes, &services, &sights6, &seen, flows6, key,
                    program)
            else { return index }
        }
    }
    return frames.count
}

// Out of line, so that the loop keeps its registers for the family that most packets are of.
@inline(never)
private func enter6(
    _ position: Int, _ frame: inout Frame, _ bytes: inout MutableRawSpan,
    _ services: inout MutableSpan<FlowTraffic>, _ sights: inout MutableSpan<Sight<IPv6Address>>,
    _ seen: inout Seen, _ records: Span<FlowRecord<IPv6Address>>, _ key: HashKey,
    _ program: borrowing Program
) -> Bool {
    // TCP's flags stand in the second line of the frame.
    bytes.bytes.prefetch(at: TunnelHeader.byteCount &+ 64)
    return enter(
        ShortIPv6.self, position, &frame, &bytes, &services, &sights, &seen.count6,
        &seen.sentCount, records, key, program)
}

/// Leads one frame, whose bytes lie behind room for a tunnel's headers.
@inline(__always)
private func enter<Header: ShortHeader>(
    _ family: Header.Type, _ position: Int, _ frame: inout Frame, _ bytes: inout MutableRawSpan,
    _ services: inout MutableSpan<FlowTraffic>,
    _ sights: inout MutableSpan<Sight<Header.Address>>, _ seenCount: inout Int,
    _ sentCount: inout Int, _ records: Span<FlowRecord<Header.Address>>, _ key: HashKey,
    _ program: borrowing Program
) -> Bool {
    let start = TunnelHeader.byteCount
    guard bytes.byteCount >= start &+ ShortPacket<Header>.leastByteCount else { return false }
    let ports = bytes.u32(start &+ ShortPacket<Header>.transport)
    let port = Port(UInt16(truncatingIfNeeded: ports))
    guard
        let header = Header(
            bytes.bytes, at: start, wireByteCount: frame.wireByteCount, withAnyAddresses: false),
        let published = program.ports.find(transport: header.proto, port)
    else { return false }
    let flow = FlowKey(
        client: header.source.mapped, clientPort: Port(UInt16(truncatingIfNeeded: ports >> 16)),
        servicePort: port, proto: header.proto)
    // The choice before the rest is looked at: while it waits for the slot, there is time for that.
    guard
        let choice = program.choose(flow, service: published.service, target: published.target),
        ShortPacket<Header>.isWhole(header, bytes.bytes, at: start),
        port != program.vxlanPort || !Header.isVTEP(header.destination, of: program),
        Header.isNode(header.destination, in: program)
    else { return false }
    let task = program.shortEndpoints[Int(choice.endpoint.rawValue)]
    guard Header.address(of: task) != nil else { return false }
    let service = Int(choice.service.rawValue)
    let byteCount = header.packetByteCount
    guard task.node == program.node else {
        guard byteCount <= task.mtu, let tunnel = program.tunnels[Int(task.node.rawValue)] else {
            return false
        }
        services[service].requests.packetCount &+= 1
        frame.choice = choice
        frame.wrap(innerByteCount: 14 &+ byteCount, to: task.node)
        services[service].requests.byteCount &+= UInt64(truncatingIfNeeded: byteCount)
        tunnel.write(
            to: &bytes, innerByteCount: 14 &+ byteCount,
            trafficClass: header.trafficClass & 3,
            sourcePort: overlaySourcePort(choice.hash), vxlan: task.vxlan)
        task.readdress(&bytes, at: start)
        sentCount &+= 1
        return true
    }
    services[service].requests.add(byteCount)
    frame.choice = choice
    let packet = ShortPacket<Header>(header, bytes.bytes, at: start)
    records.prefetch(
        sights[seenCount].note(
            packet, Header.addresses(bytes.bytes, at: start), position, for: choice.endpoint,
            entry: task.node, key))
    seenCount &+= 1
    return true
}
