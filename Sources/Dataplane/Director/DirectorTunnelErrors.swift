// ICMP errors about the director's own tunnel packets: they reach the director, and the client that
// sent the packet inside is told instead, with the tunnel's headers taken off what fits.
//
// Invariant: only errors about tunnels to a configured real server count, and only IPv4 inside IPv4, as
// in Linux 6.1.

import Wire

/// What stands between the quoted outer header and the client's packet.
private struct QuotedTunnel {
    /// Of the outer IP header and what the tunnel puts behind it.
    var byteCount: Int
    /// The client's packet.
    var inner: QuotedPacket
}

/// Tells the client of an error about the tunnel that its packet went by; nil if it is about no tunnel
/// of a connection.
func tunnelError<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: HostPacket, _ quote: QuotedPacket,
    _ table: inout ConnectionTable<Address>, _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    let bytes = work.bytes(of: frame)
    guard let tunnel = quotedTunnel(quote, in: bytes, end: packet.end, core.rules),
        let ports = tunnel.inner.ports(in: bytes, end: packet.end)
    else { return nil }
    let flow = ClientFlow(
        tunnel.inner.proto, client: Address(mapped: tunnel.inner.source), ports.source,
        virtual: Address(mapped: tunnel.inner.destination), ports.destination)
    guard let index = table.find(incoming: flow) else { return nil }
    guard isChecksumRight(packet, in: bytes) else { return .dropped(.malformedTransport) }
    let icmp = packet.transport
    var word = bytes.u32(icmp &+ 4)
    if bytes.u8(icmp) == 3, bytes.u8(icmp &+ 1) == ICMPUnreachableCode.fragmentationNeeded {
        guard tunnel.inner.dontFragment else { return .consumed(.host) }
        let mtu = core.host.learn(mtu: Int(word & 0xffff), towards: quote.destination)
        let fits = mtu > 68 &+ tunnel.byteCount ? mtu &- tunnel.byteCount : mtu
        word = UInt32(truncatingIfNeeded: fits)
    }
    let message = HostMessage(
        type: bytes.u8(icmp), code: bytes.u8(icmp &+ 1), parameter: word)
    send(message, about: tunnel.inner.network..<min(packet.end, frame.byteCount), frame, &work, &core.host)
    core.rules.countOutgoing(
        table.server(of: index), byteCount: packet.end &- tunnel.inner.network)
    return .consumed(.host)
}

/// The tunnel of which an error quotes a packet; nil if it is none of ours.
private func quotedTunnel(
    _ quote: QuotedPacket, in frame: RawSpan, end: Int, _ rules: borrowing DirectorRules
) -> QuotedTunnel? {
    guard !quote.isLaterFragment else { return nil }
    let bytes = frame.extracting(min(quote.transport, end)..<min(end, frame.byteCount))
    let tunnelByteCount: Int
    switch quote.proto {
    case .ipip:
        guard rules.hasTunnel(.ipip, to: quote.destination) else { return nil }
        tunnelByteCount = 0
    case .udp:
        // UDP, then a GUE data header, version 0, without a control message, carrying IPv4.
        guard bytes.byteCount >= 12,
            rules.hasTunnel(.gue(Port(bytes.u16(2))), to: quote.destination),
            bytes.u8(8) & 0xe0 == 0, bytes.u8(9) == IPProtocol.ipip.rawValue
        else { return nil }
        tunnelByteCount = 12 &+ Int(bytes.u8(8) & 0x1f) &* 4
    case .gre:
        guard bytes.byteCount >= 4, rules.hasTunnel(.gre, to: quote.destination),
            bytes.u16(0) & 0x7fff == 0, bytes.u16(2) == EtherType.ipv4.rawValue
        else { return nil }
        tunnelByteCount = bytes.u16(0) & 0x8000 != 0 ? 8 : 4
    default: return nil
    }
    let start = quote.transport &+ tunnelByteCount
    guard let inner = QuotedPacket(frame, at: start, end: end, isIPv4: true) else { return nil }
    return QuotedTunnel(byteCount: start &- quote.network, inner: inner)
}
