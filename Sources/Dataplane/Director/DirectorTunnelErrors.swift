// ICMP errors about the director's own tunnel packets: they reach the director, and the client that
// sent the packet inside is told instead, with the outer IP header taken off what fits.
//
// Invariant: only errors about tunnels to a configured real server count, and only IPv4 inside IPv4, as
// in Linux 6.1, which leaves what GRE and GUE put behind the outer IP header out of the account.

import Wire

/// A tunnel of the director's, as an error quotes a packet of it.
private struct QuotedTunnel {
    /// The client's packet.
    let inner: QuotedPacket
    let ports: (source: Port, destination: Port)?

    /// Nil if it is none of ours.
    init?(
        _ quote: QuotedPacket, in frame: RawSpan, end: Int, _ rules: borrowing DirectorRules
    ) {
        let end = min(end, frame.byteCount)
        guard !quote.isLaterFragment, quote.transport <= end,
            let header = Self.headerByteCount(
                quote, frame.extracting(quote.transport..<end), rules)
        else { return nil }
        let start = quote.transport &+ header
        guard let inner = QuotedPacket(frame, at: start, end: end, isIPv4: true) else {
            return nil
        }
        self.inner = inner
        ports = inner.ports(in: frame, end: end)
    }

    /// Of what stands between the IP headers.
    private static func headerByteCount(
        _ quote: QuotedPacket, _ bytes: RawSpan, _ rules: borrowing DirectorRules
    ) -> Int? {
        switch quote.proto {
        case .ipip:
            return rules.hasTunnel(.ipip, to: quote.destination) ? 0 : nil
        case .udp:
            // GUE: a data header of version 0 that carries IPv4.
            guard bytes.byteCount >= 12,
                rules.hasTunnel(.gue(Port(bytes.u16(2))), to: quote.destination),
                bytes.u8(8) & 0xe0 == 0, bytes.u8(9) == IPProtocol.ipip.rawValue
            else { return nil }
            return 12 &+ Int(bytes.u8(8) & 0x1f) &* 4
        case .gre:
            guard bytes.byteCount >= 4, rules.hasTunnel(.gre, to: quote.destination),
                bytes.u16(0) & 0x7fff == 0, bytes.u16(2) == EtherType.ipv4.rawValue
            else { return nil }
            return bytes.u16(0) & 0x8000 != 0 ? 8 : 4
        default: return nil
        }
    }
}

/// Tells the client of an error about the tunnel that its packet went by; nil if it is about no tunnel
/// of a connection.
func tunnelError<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: HostPacket, _ sight: ErrorSight,
    _ table: inout ConnectionTable<Address>, _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    guard
        let tunnel = QuotedTunnel(
            sight.quote, in: work.bytes(of: frame), end: packet.end, core.rules),
        let ports = tunnel.ports
    else { return nil }
    let flow = ClientFlow(
        tunnel.inner.proto, client: Address(mapped: tunnel.inner.source), ports.source,
        virtual: Address(mapped: tunnel.inner.destination), ports.destination)
    guard let index = table.find(incoming: flow) else { return nil }
    guard sight.isChecksumRight else { return .dropped(.malformedTransport) }
    var message = sight.message
    if message.type == ICMPType.destinationUnreachable.rawValue,
        message.code == ICMPUnreachableCode.fragmentationNeeded
    {
        let mtu = core.host.learn(
            mtu: Int(message.parameter & 0xffff), towards: sight.quote.destination,
            now: work.seconds)
        guard tunnel.inner.dontFragment else { return .consumed(.host) }
        let outer = IPv4Fields.byteCount
        let fits = mtu > Limits.mtuMin4 &+ outer ? mtu &- outer : mtu
        message.parameter = UInt32(truncatingIfNeeded: fits)
    }
    send(message, about: tunnel.inner.network..<packet.end, frame, &work, &core.host)
    core.rules.countOutgoing(
        table.server(of: index), byteCount: packet.end &- tunnel.inner.network)
    return .consumed(.host)
}
