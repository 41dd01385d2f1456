// The packet that nearly every packet is: IPv4 without options, whole, TCP or UDP, in an untagged
// frame, with nothing wrong. Read in a handful of words that stay in registers.
//
// Invariant: whatever is read as a `ShortPacket`, `parse` would read as the same packet; anything
// else is nil, and goes the long way. A test holds the two ways to each other.

import Wire

struct ShortPacket {
    /// Ethernet, IPv4 and the ports with what follows them up to the checksums: TCP needs it all.
    static let tcpByteCount = 14 + 20 + 20
    static let udpByteCount = 14 + 20 + 8

    let source: UInt32
    let destination: UInt32
    let sourcePort: Port
    let destinationPort: Port
    let proto: IPProtocol
    let trafficClass: UInt8
    /// Length of the IP packet.
    let byteCount: Int
    let event: FlowEvent

    /// The packet of a frame that starts at `base` of `bytes` and had `wireByteCount` on the wire.
    @inline(__always)
    init?(_ bytes: RawSpan, at base: Int, wireByteCount: Int) {
        guard bytes.byteCount >= base &+ Self.udpByteCount else { return nil }
        let first = bytes.u32(base &+ 14)
        let second = bytes.u32(base &+ 18)
        let third = bytes.u32(base &+ 22)
        source = bytes.u32(base &+ 26)
        destination = bytes.u32(base &+ 30)
        // EtherType 0x0800, version 4, five words of header; no fragment; a hop to spare.
        guard bytes.u32(base &+ 12) >> 8 == 0x08_0045, second & 0x3fff == 0, third >> 24 > 1
        else { return nil }
        let sum =
            UInt64(first) &+ UInt64(second) &+ UInt64(third) &+ UInt64(source)
            &+ UInt64(destination)
        guard Checksum.fold(sum) == 0xffff else { return nil }
        let sourceClass = source >> 24
        guard sourceClass &- 1 < 223, sourceClass != 127, source != destination else {
            return nil
        }
        byteCount = Int(first & 0xffff)
        guard byteCount <= wireByteCount &- 14 else { return nil }
        trafficClass = UInt8(truncatingIfNeeded: first >> 16)
        proto = IPProtocol(rawValue: UInt8(truncatingIfNeeded: third >> 16))
        sourcePort = Port(bytes.u16(base &+ 34))
        destinationPort = Port(bytes.u16(base &+ 36))
        if proto == .tcp {
            guard bytes.byteCount >= base &+ Self.tcpByteCount, byteCount >= 40 else { return nil }
            let headerByteCount = Int(bytes.u8(base &+ 46) >> 4) &* 4
            guard headerByteCount >= 20, headerByteCount <= byteCount &- 20,
                bytes.byteCount >= base &+ 34 &+ headerByteCount
            else { return nil }
            event = FlowEvent(TCPFlags(rawValue: bytes.u8(base &+ 47)))
        } else {
            guard proto == .udp else { return nil }
            let length = Int(bytes.u16(base &+ 38))
            guard length >= 8, length <= byteCount &- 20 else { return nil }
            event = .datagram
        }
    }

    var client: IPv6Address { IPv6Address(mapped: IPv4Address(rawValue: source)) }
    var target: IPv6Address { IPv6Address(mapped: IPv4Address(rawValue: destination)) }

    /// Where the transport checksum stands, from the start of the frame.
    var checksumOffset: Int { proto == .tcp ? 50 : 40 }
}
