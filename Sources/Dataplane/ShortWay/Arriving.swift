// The short way's second loop: what other nodes wrapped for tasks of this node. Such a packet must come
// from a known node, on the ingress network. It gets a sight, and its frame moves past the outer headers.
// Whether the task is to have it is asked where it is delivered: of a flow that is known, the answer is.
//
// Invariant: a frame that gets a sight is a packet that `receive` would hand to `admit`, if nothing is
// wrong with its addresses, and one that must go the long way is untouched.

import Wire

/// Leads frames from the start of the range on; how many.
@inline(never)
func arriveShort(
    _ range: Range<Int>, of frames: inout MutableSpan<Frame>, in bytes: borrowing MutableRawSpan,
    _ sights4: inout MutableSpan<Sight<IPv4Address>>,
    _ sights6: inout MutableSpan<Sight<IPv6Address>>, _ seen: inout Seen,
    _ flows4: borrowing MutableSpan<FlowRecord<IPv4Address>>,
    _ flows6: borrowing MutableSpan<FlowRecord<IPv6Address>>, _ key: HashKey,
    _ program: borrowing Program
) -> Int {
    let (flows4, flows6) = (flows4.span, flows6.span)
    var frames = frames._mutatingExtracting(range)
    var sights4 = sights4._mutatingExtracting(seen.count4..<sights4.count)
    var count4 = 0
    defer { seen.count4 &+= count4 }
    let bytes = bytes.bytes
    let start = TunnelHeader.byteCount
    for index in frames.indices {
        guard frames[index].isFresh else { return index }
        // The outer headers end a line, and the inner ones start the next.
        let ahead = min(index &+ 3, frames.count &- 1)
        frames[ahead].prefetch(0, in: bytes)
        frames[ahead].prefetch(start, in: bytes)
        let bytes = frames[index].window(in: bytes)
        guard bytes.byteCount >= start &+ ShortPacket<ShortIPv4>.leastByteCount else {
            return index
        }
        let position = range.lowerBound &+ index
        let wireByteCount = frames[index].wireByteCount
        if bytes.u16(start &+ 12) == EtherType.ipv4.rawValue {
            guard
                arrive(
                    ShortIPv4.self, position, wireByteCount, bytes, &sights4, &count4, flows4,
                    key, program)
            else { return index }
        } else {
            guard bytes.u16(start &+ 12) == EtherType.ipv6.rawValue,
                arrive6(
                    position, wireByteCount, bytes, &sights6, &seen.count6, flows6, key,
                    program)
            else { return index }
        }
        frames[index].advance(start)
    }
    return frames.count
}

// Out of line, so that the loop keeps its registers for the family that most packets are of.
@inline(never)
private func arrive6(
    _ position: Int, _ wireByteCount: Int, _ bytes: RawSpan,
    _ sights: inout MutableSpan<Sight<IPv6Address>>, _ seenCount: inout Int,
    _ records: Span<FlowRecord<IPv6Address>>, _ key: HashKey, _ program: borrowing Program
) -> Bool {
    // TCP's flags stand in the second line of the inner frame.
    bytes.prefetch(at: TunnelHeader.byteCount &+ 64)
    return arrive(
        ShortIPv6.self, position, wireByteCount, bytes, &sights, &seenCount, records, key, program)
}

@inline(__always)
private func arrive<Header: ShortHeader>(
    _ family: Header.Type, _ position: Int, _ wireByteCount: Int, _ bytes: RawSpan,
    _ sights: inout MutableSpan<Sight<Header.Address>>, _ seenCount: inout Int,
    _ records: Span<FlowRecord<Header.Address>>, _ key: HashKey, _ program: borrowing Program
) -> Bool {
    let start = TunnelHeader.byteCount
    guard bytes.byteCount >= start &+ ShortPacket<Header>.leastByteCount,
        let outer = OuterHeader(bytes, wireByteCount: wireByteCount, program)
    else { return false }
    guard let entry = program.arrivals.node(outer.source),
        let endpoint = program.arrivals.task(MACAddress(rawValue: bytes.u64(start) >> 16)),
        let packet = ShortPacket<Header>(
            bytes, at: start, wireByteCount: wireByteCount &- start, withAnyAddresses: true),
        (packet.header.trafficClass ^ outer.trafficClass) & 3 == 0
    else { return false }
    records.prefetch(
        sights[seenCount].note(
            packet, Header.addresses(bytes, at: start), position, for: endpoint, entry: entry, key))
    seenCount &+= 1
    return true
}

/// What is left to know of the outer headers once they are what a node of this mesh writes: VXLAN of the
/// ingress network over IPv4 to this node's VTEP, whole and with nothing wrong.
struct OuterHeader {
    /// As it lies in memory.
    let source: UInt32
    let trafficClass: UInt8

    /// `bytes` must hold all of it.
    @inline(__always)
    init?(_ bytes: RawSpan, wireByteCount: Int, _ program: borrowing Program) {
        guard bytes.byteCount >= TunnelHeader.byteCount,
            bytes.memory32(30) == program.tunnelEnd.address,
            bytes.memory16(36) == program.tunnelEnd.port,
            bytes.memory64(42) == program.ingressVXLAN,
            bytes.u16(12) == EtherType.ipv4.rawValue, bytes.u8(14) == 0x45,
            bytes.u16(20) & 0x3fff == 0, bytes.u8(23) == IPProtocol.udp.rawValue,
            isIPv4ChecksumRight(bytes, at: 14)
        else { return nil }
        let byteCount = Int(bytes.u16(16))
        let length = Int(bytes.u16(38))
        guard byteCount <= wireByteCount &- 14, length >= 8, length <= byteCount &- 20 else {
            return nil
        }
        source = bytes.memory32(26)
        trafficClass = bytes.u8(15)
    }
}
