// The packet that nearly every packet is: TCP, UDP or SCTP behind a header that `ShortHeader` knows,
// with nothing wrong. Read in a handful of words that stay in registers.
//
// Invariant: whatever is read as a `ShortPacket`, `parse` would read as the same packet; anything
// else is nil, and goes the long way. A test holds the two ways to each other.

import Wire

struct ShortPacket<Header: ShortHeader> {
    let header: Header
    let sourcePort: Port
    let destinationPort: Port
    /// TCP's header length and flags, UDP's length, or the first of SCTP's chunks.
    private let word: UInt16

    /// Where the transport header starts, in a frame that starts at its first byte.
    @inline(__always)
    static var transport: Int { 14 &+ Header.byteCount }

    /// Fewer bytes than that are no packet for the short way.
    @inline(__always)
    static var leastByteCount: Int { transport &+ 8 }

    /// The packet of a frame that starts at `base` of `bytes` and had `wireByteCount` on the wire.
    @inline(__always)
    init?(_ bytes: RawSpan, at base: Int, wireByteCount: Int) {
        guard bytes.byteCount >= base &+ Self.leastByteCount,
            let header = Header(bytes, at: base, wireByteCount: wireByteCount)
        else { return nil }
        self.header = header
        let start = base &+ Self.transport
        let byteCount = header.packetByteCount &- Header.byteCount
        let present = bytes.byteCount &- start
        sourcePort = Port(bytes.u16(start))
        destinationPort = Port(bytes.u16(start &+ 2))
        switch header.proto {
        case .tcp:
            guard present >= 20 else { return nil }
            word = bytes.u16(start &+ 12)
            let length = Int(word >> 12) &* 4
            guard length >= 20, length <= byteCount, length <= present else { return nil }
        case .udp:
            word = bytes.u16(start &+ 4)
            guard word >= 8, Int(word) <= byteCount else { return nil }
        case .sctp:
            guard present >= 16, byteCount >= 16 else { return nil }
            word = bytes.u16(start &+ 12)
        default: return nil
        }
    }

    var proto: IPProtocol { header.proto }
    var byteCount: Int { header.packetByteCount }
    var client: IPv6Address { header.source.mapped }
    var target: IPv6Address { header.destination.mapped }

    var event: FlowEvent {
        switch proto {
        case .tcp: FlowEvent(TCPFlags(rawValue: UInt8(truncatingIfNeeded: word)))
        case .udp: .datagram
        default: FlowEvent(SCTPChunkType(rawValue: UInt8(truncatingIfNeeded: word >> 8)))
        }
    }

    /// Rewrites the packet, which starts the frame in `bytes`, for a task: destination address and
    /// port, hop limit and checksums, in place and by differences.
    @inline(__always)
    func redirect(_ bytes: inout MutableRawSpan, to address: Header.Address, _ port: Port) {
        guard bytes.byteCount >= Self.leastByteCount else { return }
        var delta = header.redirect(&bytes, to: address)
        let offset = Self.transport
        guard proto != .sctp else {
            var ports = MutableTransportPorts(
                &bytes, at: offset, proto: proto,
                packetByteCount: byteCount &- Header.byteCount)
            ports?.setDestination(port)
            return
        }
        delta.replace(destinationPort.rawValue, with: port.rawValue)
        bytes.setU16(offset &+ 2, port.rawValue)
        let isTCP = proto == .tcp
        let checksum = offset &+ (isTCP ? 16 : 6)
        // Zero is no checksum in UDP (RFC 768), and a sum that comes to zero is sent as 0xffff.
        let old = bytes.u16(checksum)
        guard isTCP || old != 0 else { return }
        let new = delta.applied(to: old)
        bytes.setU16(checksum, new == 0 && !isTCP ? 0xffff : new)
    }
}
