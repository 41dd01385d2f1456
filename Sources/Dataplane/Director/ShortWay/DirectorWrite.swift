// The end of a director's short way: what was settled is written into the frames.
//
// Invariant: a frame ends as the general way would leave it, byte for byte, verdict too.

import Wire

extension Work {
    /// Writes what was settled at these positions of the stretch that starts at `first`.
    mutating func write<Address: ShortAddress>(
        _ family: Address.Type, _ range: Range<Int>, _ first: Int, _ glances: inout [Glance]
    ) {
        Dataplane.write(family, range, of: &frames, from: first, in: &bytes, &glances)
    }
}

@inline(never)
private func write<Address: ShortAddress>(
    _ family: Address.Type, _ range: Range<Int>, of frames: inout MutableSpan<Frame>,
    from first: Int, in bytes: inout MutableRawSpan, _ glances: inout [Glance]
) {
    let glances = glances.span
    for position in range where !glances[position].isTunnelled {
        let index = first &+ position
        frames[index].trim(to: EthernetFields.byteCount &+ glances[position].byteCount)
        frames[index].verdict = .transmitted(.link(glances[position].link))
        var packet = bytes._mutatingExtracting(frames[index].range)
        guard glances[position].isRewritten else {
            Address.decrementHopLimit(&packet)
            continue
        }
        rewrite(
            family, &packet, glances[position],
            glances[position].way.isRequest ? .destination : .source)
    }
}

/// Replaces address and port of one end, and takes one off the hop limit.
@inline(__always)
private func rewrite<Address: ShortAddress>(
    _ family: Address.Type, _ bytes: inout MutableRawSpan, _ glance: Glance, _ end: End
) {
    guard bytes.byteCount >= Address.transport &+ UDPFields.byteCount else { return }
    let old = end == .source ? Address.source(of: glance) : Address.destination(of: glance)
    let oldPort = end == .source ? glance.sourcePort : glance.destinationPort
    var delta = Address.readdress(&bytes, end, from: old, to: Address.target(of: glance))
    delta.replace(oldPort.rawValue, with: glance.port.rawValue)
    bytes.setU16(Address.transport &+ (end == .source ? 0 : 2), glance.port.rawValue)
    // TCP's number is even and UDP's is odd, and which it is, nobody can predict. The glance saw the
    // whole header.
    let isUDP = Int(glance.proto.rawValue & 1)
    let checksum = Address.transport &+ 16 &- 10 &* isUDP
    guard bytes.byteCount >= checksum &+ 2 else { return }
    let after = delta.applied(to: bytes.u16(checksum))
    // A sum that comes to zero is sent as 0xffff, for zero is no checksum (RFC 768).
    bytes.setU16(checksum, after == 0 && isUDP != 0 ? 0xffff : after)
}
