// The short way's second loop: what other nodes wrapped for tasks of this node. Such a packet must come
// from a known node, on the ingress network, for a task that listens where it was sent to. It gets a
// sight, and its frame moves past the outer headers.
//
// Invariant: a frame that gets a sight is a packet that `receive` and `admit` would let pass, and one
// that must go the long way is untouched.

import Wire

/// Leads frames from the start of the range on; the first that may not be led, or the end.
@inline(never)
func arriveShort(
    _ range: Range<Int>, from start: Int, _ frames: inout MutableSpan<Frame>,
    in bytes: borrowing MutableRawSpan, _ sights4: inout MutableSpan<Sight<IPv4Address>>,
    _ sights6: inout MutableSpan<Sight<IPv6Address>>, _ seen: inout Seen, _ key: HashKey,
    _ program: borrowing Program
) -> Int {
    var frames = frames._mutatingExtracting(range)
    let bytes = bytes.bytes
    // Zero over IPv6, which is not for the short way.
    guard program.vtep4 != 0 else { return start }
    var position = start
    while position < frames.count, frames[position].isFresh {
        let bytes = bytes.extracting(frames[position].range)
        let inner = TunnelHeader.byteCount
        guard bytes.byteCount >= inner &+ ShortPacket<ShortIPv4>.leastByteCount else { break }
        switch bytes.u16(inner &+ 12) {
        case EtherType.ipv4.rawValue:
            guard
                arrive(
                    ShortIPv4.self, position, frames[position].wireByteCount, bytes, &sights4,
                    &seen.count4, key, program)
            else { return position }
        case EtherType.ipv6.rawValue:
            guard
                arrive6(
                    position, frames[position].wireByteCount, bytes, &sights6, &seen.count6, key,
                    program)
            else { return position }
        default: return position
        }
        frames[position].advance(inner)
        seen.remoteCount &+= 1
        position &+= 1
    }
    return position
}

// Out of line, so that the loop keeps its registers for the family that most packets are of.
@inline(never)
private func arrive6(
    _ position: Int, _ wireByteCount: Int, _ bytes: RawSpan,
    _ sights: inout MutableSpan<Sight<IPv6Address>>, _ seenCount: inout Int, _ key: HashKey,
    _ program: borrowing Program
) -> Bool {
    arrive(
        ShortIPv6.self, position, wireByteCount, bytes, &sights, &seenCount, key, program)
}

@inline(__always)
private func arrive<Header: ShortHeader>(
    _ family: Header.Type, _ position: Int, _ wireByteCount: Int, _ bytes: RawSpan,
    _ sights: inout MutableSpan<Sight<Header.Address>>, _ seenCount: inout Int, _ key: HashKey,
    _ program: borrowing Program
) -> Bool {
    let start = TunnelHeader.byteCount
    guard seenCount < sights.count,
        bytes.byteCount >= start &+ ShortPacket<Header>.leastByteCount,
        let outer = OuterHeader(bytes, wireByteCount: wireByteCount, program)
    else { return false }
    let entry = program.addresses.slot(of: outer.source, in: .underlay)
    let owned = program.addresses.slot(
        of: MACAddress(rawValue: bytes.u64(start) >> 16), on: program.ingress)
    guard entry.kind == .node, owned.kind == .endpoint,
        let packet = ShortPacket<Header>(bytes, at: start, wireByteCount: wireByteCount &- start),
        (packet.header.trafficClass ^ outer.trafficClass) & 3 == 0,
        Header.isNode(packet.header.destination, in: program),
        let published = program.ports.find(transport: packet.proto, packet.destinationPort)
    else { return false }
    let task = program.shortEndpoints[Int(owned.index)]
    guard program.services[published.service].service == task.service,
        let address = Header.address(of: task), address != packet.header.destination
    else { return false }
    sights[seenCount].note(packet, position, entry: entry.node, published, owned.endpoint, key)
    seenCount &+= 1
    return true
}

/// What is left to know of the outer headers once they are what a node of this mesh writes: VXLAN of the
/// ingress network over IPv4 to this node's VTEP, whole and with nothing wrong.
private struct OuterHeader {
    let source: IPv4Address
    let trafficClass: UInt8

    /// `bytes` must hold all of it.
    @inline(__always)
    init?(_ bytes: RawSpan, wireByteCount: Int, _ program: borrowing Program) {
        guard bytes.byteCount >= TunnelHeader.byteCount,
            bytes.u32(30) == program.vtep4, bytes.u16(36) == program.vxlanPort.rawValue,
            bytes.u64(42) == 0x0800_0000_0000_0000 | UInt64(program.ingressVNI) << 8,
            bytes.u16(12) == EtherType.ipv4.rawValue, bytes.u8(14) == 0x45,
            bytes.u16(20) & 0x3fff == 0, bytes.u8(23) == IPProtocol.udp.rawValue,
            isIPv4ChecksumRight(bytes.u64(14), bytes.u64(22), bytes.u32(30))
        else { return nil }
        let byteCount = Int(bytes.u16(16))
        let length = Int(bytes.u16(38))
        source = IPv4Address(rawValue: bytes.u32(26))
        guard byteCount <= wireByteCount &- 14, length >= 8, length <= byteCount &- 20,
            source.rawValue != program.vtep4, !source.isMartian
        else { return nil }
        trafficClass = bytes.u8(15)
    }
}
