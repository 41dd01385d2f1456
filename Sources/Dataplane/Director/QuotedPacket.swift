// The packet that an ICMP error is about, as far as the error quotes it: for the director, to find the
// connection. It reads less strictly than the mesh's `Quote`, as the kernel does: what a host quotes
// is cut where it likes, so no length is believed.
//
// Invariant: every offset is from the start of the frame and lies within the ICMP message.

import Wire

struct QuotedPacket {
    /// Of the quoted IP header.
    var network = 0
    /// Behind its options or extension headers.
    var transport = 0
    var isIPv4 = true
    var proto = IPProtocol.tcp
    /// In the mapped form.
    var source = IPv6Address(high: 0, low: 0)
    var destination = IPv6Address(high: 0, low: 0)
    /// Not the first fragment: what stands at `transport` are no ports.
    var isLaterFragment = false
    /// Any fragment at all, with or without a first one's ports.
    var isFragment = false
    var dontFragment = false

    /// The packet quoted at `start` of a frame, whose IP packet ends at `end`; nil when it makes no
    /// sense or its header is not wholly there.
    init?(_ frame: RawSpan, at start: Int, end: Int, isIPv4: Bool) {
        let end = min(end, frame.byteCount)
        guard start <= end else { return nil }
        let bytes = frame.extracting(start..<end)
        network = start
        self.isIPv4 = isIPv4
        let isSound = isIPv4 ? readIPv4(bytes) : readIPv6(bytes)
        guard isSound else { return nil }
    }

    private mutating func readIPv4(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= IPv4Fields.byteCount else { return false }
        let headerByteCount = Int(bytes.u8(0) & 0x0f) &* 4
        guard bytes.u8(0) >> 4 == 4, headerByteCount >= IPv4Fields.byteCount else { return false }
        let fragment = bytes.u16(6)
        proto = IPProtocol(rawValue: bytes.u8(9))
        source = IPv6Address(mapped: IPv4Address(rawValue: bytes.u32(12)))
        destination = IPv6Address(mapped: IPv4Address(rawValue: bytes.u32(16)))
        transport = network &+ headerByteCount
        isLaterFragment = fragment & 0x1fff != 0
        isFragment = fragment & 0x3fff != 0
        dontFragment = fragment & 0x4000 != 0
        return true
    }

    private mutating func readIPv6(_ bytes: RawSpan) -> Bool {
        guard let header = IPv6Header(bytes), case .upperLayer(let layer) = header.walk else {
            return false
        }
        proto = layer.proto
        source = header.source
        destination = header.destination
        transport = network &+ layer.offset
        isLaterFragment = !layer.isFirstFragment
        isFragment = layer.fragment != nil
        dontFragment = true
        return true
    }

    /// The ports, if the quote reaches as far.
    func ports(in frame: RawSpan, end: Int) -> (source: Port, destination: Port)? {
        guard proto.hasPorts, !isLaterFragment, transport &+ 4 <= min(end, frame.byteCount) else {
            return nil
        }
        return (Port(frame.u16(transport)), Port(frame.u16(transport &+ 2)))
    }
}
