// ICMP errors of masqueraded connections: the packet that an error quotes travelled the other way, so
// that the end rewritten in it is the other one (ip_vs_nat_icmp and ip_vs_icmp_xmit in net/netfilter/
// ipvs).
//
// Invariant: the checksums of the quoted IPv4 header and of the ICMP message are computed anew and come
// out right. The quoted transport checksum stays as it was: the kernel does not touch it.

import Wire

/// Rewrites one end of the error and the other end of what it quotes. False, with nothing changed, if
/// the quoted header is not wholly there.
func rewriteError(
    _ end: End, of packet: HostPacket, _ quote: QuotedPacket, to address: IPv6Address,
    _ port: Port, _ frame: Frame, _ work: inout Work
) -> Bool {
    var bytes = work.mutableBytes(of: frame)
    let stop = min(packet.end, bytes.byteCount)
    guard quote.transport <= stop else { return false }
    let inner: End = end == .source ? .destination : .source
    let before = Checksum.sum(bytes.bytes.extracting(quote.network..<stop))
    var delta = ChecksumDelta()
    readdress(&bytes, at: packet.network, isIPv4: packet.isIPv4, end, to: address, noting: &delta)
    var ignored = ChecksumDelta()
    rewriteQuote(&bytes, quote, inner, to: address, noting: &ignored)
    if quote.proto.hasPorts, !quote.isLaterFragment, quote.transport &+ 4 <= stop {
        bytes.setU16(quote.transport &+ (inner == .source ? 0 : 2), port.rawValue)
    }
    guard stop < packet.end else {
        refreshChecksum(&bytes, packet, between: end, address)
        return true
    }
    // Cut by the capture: the sum over what is missing can only be carried along.
    if packet.isIPv4 { delta = ChecksumDelta() }
    let after = Checksum.sum(bytes.bytes.extracting(quote.network..<stop))
    delta.replaceSum(before, with: after)
    if packet.isIPv4, var header = MutableICMPHeader(&bytes, at: packet.transport) {
        header.apply(delta)
    } else if var header = MutableICMPv6Header(&bytes, at: packet.transport) {
        header.apply(delta)
    }
    return true
}

/// Rewrites a quoted address. What is quoted may be cut anywhere behind its IP header, and what its
/// length says is not believed.
private func rewriteQuote(
    _ bytes: inout MutableRawSpan, _ quote: QuotedPacket, _ end: End, to address: IPv6Address,
    noting delta: inout ChecksumDelta
) {
    readdress(
        &bytes, at: quote.network, isIPv4: quote.isIPv4, end, to: address, noting: &delta)
    if quote.isIPv4, var header = MutableIPv4Header(&bytes, at: quote.network) {
        header.refreshChecksum()
    }
}

/// Computes an error's checksum anew, where all of it is at hand.
private func refreshChecksum(
    _ bytes: inout MutableRawSpan, _ packet: HostPacket, between end: End, _ address: IPv6Address
) {
    let byteCount = packet.end &- packet.transport
    bytes.setU16(packet.transport &+ 2, 0)
    var seed: UInt64 = 0
    if !packet.isIPv4 {
        let addresses =
            end == .source
            ? AddressPair(address, packet.destination) : AddressPair(packet.source, address)
        seed = addresses.pseudoHeader(proto: .icmpv6, byteCount: byteCount)
    }
    let checksum = Checksum.of(
        bytes.bytes.extracting(packet.transport..<packet.end), seed: seed)
    bytes.setU16(packet.transport &+ 2, checksum)
}
