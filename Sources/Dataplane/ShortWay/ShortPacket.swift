// The packet that nearly every packet is: TCP, UDP or SCTP behind a header that `ShortHeader` knows,
// with nothing wrong. Read in a handful of words that stay in registers.
//
// Invariant: whatever is read as a `ShortPacket`, `parse` would read as the same packet; anything
// else is nil, and goes the long way. A test holds the two ways to each other.

import Wire

struct ShortPacket<Header: ShortHeader> {
    let header: Header
    /// Both, the source port above.
    let ports: UInt32
    /// What it does to its flow.
    let event: FlowEvent
    /// Where its checksum stands in the transport header.
    let checksum: UInt8

    /// Where the transport header starts, in a frame that starts at its first byte.
    @inline(__always)
    static var transport: Int { 14 &+ Header.byteCount }

    /// Fewer bytes than that are no packet for the short way.
    @inline(__always)
    static var leastByteCount: Int { transport &+ 8 }

    /// Where TCP has its checksum: a bit that the places of no other have.
    @inline(__always)
    static var tcpChecksum: UInt8 { 16 }

    /// The packet of a frame that starts at `base` of `bytes`, has the family's EtherType and had
    /// `wireByteCount` on the wire. `withAnyAddresses` leaves it open whether such a packet may pass.
    @inline(__always)
    init?(
        _ bytes: RawSpan, at base: Int, wireByteCount: Int, withAnyAddresses: Bool = false
    ) {
        guard bytes.byteCount >= base &+ Self.leastByteCount,
            let header = Header(
                bytes, at: base, wireByteCount: wireByteCount,
                withAnyAddresses: withAnyAddresses)
        else { return nil }
        guard Self.isWhole(header, bytes, at: base) else { return nil }
        self.init(header, bytes, at: base)
    }

    /// The packet behind a header, which must be whole.
    @inline(__always)
    init(_ header: Header, _ bytes: RawSpan, at base: Int) {
        self.header = header
        let start = base &+ Self.transport
        ports = bytes.u32(start)
        if header.proto == .tcp {
            event = FlowEvent(TCPFlags(rawValue: bytes.u8(start &+ 13)))
            checksum = Self.tcpChecksum
        } else if header.proto == .udp {
            event = .datagram
            checksum = 6
        } else {
            event = FlowEvent(SCTPChunkType(rawValue: bytes.u8(start &+ 12)))
            checksum = 8
        }
    }

    /// Whether TCP, UDP or SCTP is behind a header, and its own header is whole.
    @inline(__always)
    static func isWhole(_ header: Header, _ bytes: RawSpan, at base: Int) -> Bool {
        let start = base &+ transport
        let byteCount = header.packetByteCount &- Header.byteCount
        let present = bytes.byteCount &- start
        if header.proto == .tcp {
            guard present >= 20, bytes.u8(start &+ 12) >= 0x50 else { return false }
            let length = Int(bytes.u8(start &+ 12) >> 2 & 0x3c)
            return length <= byteCount && length <= present
        }
        guard header.proto != .udp else {
            let length = Int(bytes.u16(start &+ 4))
            return length >= 8 && length <= byteCount
        }
        return header.proto == .sctp && present >= 16 && byteCount >= 16
    }

    var sourcePort: Port { Port(UInt16(truncatingIfNeeded: ports >> 16)) }
    var destinationPort: Port { Port(UInt16(truncatingIfNeeded: ports)) }
    var proto: IPProtocol { header.proto }
}
