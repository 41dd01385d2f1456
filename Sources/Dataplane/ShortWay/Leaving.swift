// The short way's loop for what tasks of this node send to clients outside the mesh. A task speaks from its
// own address on the ingress network. Its packet gets a sight; whether it is a reply to anything shows
// when its flow is looked for.
//
// Invariant: a frame that gets a sight is a packet that `leave` would look for in the flow table, and that
// could be carried to any node in one piece; one that must go the long way is untouched.

import Wire

/// Leads frames from the start of the range on; how many.
@inline(never)
func leaveShort(
    _ range: Range<Int>, of frames: borrowing MutableSpan<Frame>,
    in bytes: borrowing MutableRawSpan, _ sights4: inout MutableSpan<Sight<IPv4Address>>,
    _ sights6: inout MutableSpan<Sight<IPv6Address>>, _ seen: inout Seen,
    _ flows4: borrowing MutableSpan<FlowRecord<IPv4Address>>,
    _ flows6: borrowing MutableSpan<FlowRecord<IPv6Address>>, _ key: HashKey,
    _ program: borrowing Program
) -> Int {
    guard program.hasAllTunnels else { return 0 }
    let (flows4, flows6) = (flows4.span, flows6.span)
    let frames = frames.span.extracting(range)
    let bytes = bytes.bytes
    for index in frames.indices {
        guard frames[index].isWaiting, case .task(let endpoint) = frames[index].arrival,
            frames[index].hasHeadroom
        else { return index }
        frames[min(index &+ 3, frames.count &- 1)].prefetch(0, in: bytes)
        let bytes = frames[index].window(in: bytes)
        guard bytes.byteCount >= ShortPacket<ShortIPv4>.leastByteCount else { return index }
        let position = range.lowerBound &+ index
        let wireByteCount = frames[index].wireByteCount
        if bytes.u16(12) == EtherType.ipv4.rawValue {
            guard
                leave(
                    ShortIPv4.self, position, wireByteCount, bytes, endpoint, &sights4,
                    &seen.count4, flows4, key, program)
            else { return index }
        } else {
            guard bytes.u16(12) == EtherType.ipv6.rawValue,
                leave(
                    ShortIPv6.self, position, wireByteCount, bytes, endpoint, &sights6,
                    &seen.count6, flows6, key, program)
            else { return index }
        }
    }
    return frames.count
}

@inline(__always)
private func leave<Header: ShortHeader>(
    _ family: Header.Type, _ position: Int, _ wireByteCount: Int, _ bytes: RawSpan,
    _ endpoint: EndpointIndex, _ sights: inout MutableSpan<Sight<Header.Address>>,
    _ seenCount: inout Int, _ records: Span<FlowRecord<Header.Address>>, _ key: HashKey,
    _ program: borrowing Program
) -> Bool {
    guard let packet = ShortPacket<Header>(bytes, at: 0, wireByteCount: wireByteCount)
    else { return false }
    let task = program.shortEndpoints[Int(endpoint.rawValue)]
    // Who is on the network itself is no client from outside, and is asked for elsewhere.
    guard task.node == program.node, program[endpoint].network == program.ingress,
        packet.header.source == Header.address(of: task),
        packet.header.packetByteCount <= task.mtu,
        program.addresses.find(packet.header.destination.mapped, in: .network(program.ingress))
            == nil
    else { return false }
    records.prefetch(sights[seenCount].note(packet, position, from: endpoint, key))
    seenCount &+= 1
    return true
}
