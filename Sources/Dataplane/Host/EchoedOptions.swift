// The options that an ICMP error takes over from the packet it is about (RFC 1122, section 3.2.2.6 and
// 3.2.2.8; __ip_options_echo in net/ipv4/ip_options.c): record route and timestamp, with an entry of
// the host's own more if it had room for one in the packet itself.
//
// Invariant: at most forty bytes, each option as long as it was.

import Wire

struct EchoedOptions {
    /// Of each option in the frame of the packet; empty where there is none.
    private(set) var route = 0..<0
    private(set) var timestamp = 0..<0
    private(set) var addsRoute = false
    private(set) var addsTime = false
    private(set) var addsAddress = false

    init() {}

    /// What stands in the options of a packet that were sound so far; nil if no error can be made, as
    /// only half an entry is left.
    init?(_ packet: HostPacket, in frame: RawSpan) {
        let end = min(packet.transport, frame.byteCount)
        var offset = packet.network &+ IPv4Fields.byteCount
        while offset &+ 2 < end, frame.u8(offset) != 0 {
            guard frame.u8(offset) != 1 else {
                offset &+= 1
                continue
            }
            let count = Int(frame.u8(offset &+ 1))
            guard count >= 3, offset &+ count <= end else { break }
            if frame.u8(offset) == 7, route.isEmpty { route = offset..<offset &+ count }
            if frame.u8(offset) == 68, timestamp.isEmpty { timestamp = offset..<offset &+ count }
            offset &+= count
        }
        guard setRoute(packet, frame), setTimestamp(packet, frame) else { return nil }
    }

    private mutating func setRoute(_ packet: HostPacket, _ frame: RawSpan) -> Bool {
        guard !route.isEmpty, packet.recordedRoute > 0 else { return true }
        let pointer = Int(frame.u8(route.lowerBound &+ 2))
        guard pointer <= route.count else { return true }
        addsRoute = true
        return pointer &+ 3 <= route.count
    }

    private mutating func setTimestamp(_ packet: HostPacket, _ frame: RawSpan) -> Bool {
        guard timestamp.count >= 4, packet.recordedTime > 0 else { return true }
        let pointer = Int(frame.u8(timestamp.lowerBound &+ 2))
        guard pointer <= timestamp.count else { return true }
        let mode = frame.u8(timestamp.lowerBound &+ 3) & 15
        guard mode != 3 else { return true }
        addsAddress = mode == 1
        addsTime = true
        return pointer &+ (addsAddress ? 7 : 3) <= timestamp.count
    }

    /// In whole words.
    var byteCount: Int { (route.count &+ timestamp.count &+ 3) & ~3 }
}

extension Work {
    /// Writes the options behind the IPv4 header at `offset` of an error, which comes from `source`.
    mutating func echo(
        _ options: EchoedOptions, of frame: Frame, in error: Frame, at offset: Int,
        _ source: IPv6Address
    ) {
        let milliseconds = UInt32(truncatingIfNeeded: now / 1_000_000 % 86_400_000)
        let start = offset &+ IPv4Fields.byteCount
        let middle = start &+ options.route.count
        copyBytes(
            from: frame.offset &+ options.route.lowerBound, count: options.route.count,
            to: error.offset &+ start)
        copyBytes(
            from: frame.offset &+ options.timestamp.lowerBound, count: options.timestamp.count,
            to: error.offset &+ middle)
        var bytes = mutableBytes(of: error)
        for pad in middle &+ options.timestamp.count..<start &+ options.byteCount {
            bytes.setU8(pad, 0)
        }
        if options.addsRoute {
            let pointer = Int(bytes.u8(start &+ 2))
            bytes.setU32(start &+ pointer &- 1, source.mappedIPv4.rawValue)
            bytes.setU8(start &+ 2, UInt8(truncatingIfNeeded: pointer &+ 4))
        }
        if options.addsTime {
            var pointer = Int(bytes.u8(middle &+ 2))
            if options.addsAddress {
                bytes.setU32(middle &+ pointer &- 1, source.mappedIPv4.rawValue)
                pointer &+= 4
            }
            bytes.setU32(middle &+ pointer &- 1, milliseconds)
            bytes.setU8(middle &+ 2, UInt8(truncatingIfNeeded: pointer &+ 4))
        }
        bytes.setU8(
            offset, UInt8(truncatingIfNeeded: 0x45 &+ options.byteCount / 4))
        if var header = MutableIPv4Header(&bytes, at: offset) { header.refreshChecksum() }
    }
}
