// Tunnels to real servers: the client's packet, one hop less, inside IPIP, GRE or GUE (RFC 2003, RFC 2784,
// draft-ietf-intarea-gue; ip_vs_tunnel_xmit in net/netfilter/ipvs/ip_vs_xmit.c). Each IP version goes
// inside each.
//
// Invariant: the outer header takes traffic class (less a congestion mark: RFC 3168, section 9.1.1) and
// hop limit of the inner one and, while `pmtu_disc` is on, its DF. Whether the packet fits is asked of the inner packet, so that its sender learns
// what fits inside the tunnel.

import Wire

/// The headers that one tunnel puts before a packet.
struct Tunnel {
    let kind: TunnelKind
    let hasChecksum: Bool

    init(_ kind: TunnelKind, _ checksum: TunnelChecksum) {
        self.kind = kind
        switch (kind, checksum) {
        case (.ipip, _), (_, .none): hasChecksum = false
        case (.gre, .remote): hasChecksum = false
        case (.gre, .whole), (.gue, _): hasChecksum = true
        }
    }

    /// Of what stands between the two IP headers. A checksum for remote offload would need four bytes
    /// more, but only a packet that the sender's own host left unfinished gets one.
    var byteCount: Int {
        switch kind {
        case .ipip: 0
        case .gre: hasChecksum ? 8 : 4
        case .gue: UDPFields.byteCount &+ Self.gueByteCount
        }
    }

    /// The protocol of the outer IP header, around a packet of one IP version.
    func proto(around isIPv4: Bool) -> IPProtocol {
        switch kind {
        case .ipip: isIPv4 ? .ipip : .ipv6
        case .gre: .gre
        case .gue: .udp
        }
    }

    fileprivate static var gueByteCount: Int { 4 }

    /// Writes what stands between the IP headers to the start of `bytes`; the inner packet of
    /// `innerByteCount` already stands behind it.
    @_lifetime(bytes: copy bytes)
    fileprivate func write(
        to bytes: inout MutableRawSpan, innerByteCount: Int, isIPv4: Bool,
        between addresses: AddressPair, sourcePort: Port
    ) {
        switch kind {
        case .ipip: break
        case .gre:
            bytes.setU16(0, hasChecksum ? 0x8000 : 0)
            bytes.setU16(2, (isIPv4 ? EtherType.ipv4 : .ipv6).rawValue)
            guard hasChecksum else { return }
            bytes.setU32(4, 0)
            let checksum = Checksum.of(
                bytes.bytes.extracting(0..<byteCount &+ innerByteCount))
            bytes.setU16(4, checksum)
        case .gue(let port):
            let inner: IPProtocol = isIPv4 ? .ipip : .ipv6
            bytes.setU32(UDPFields.byteCount, UInt32(inner.rawValue) << 16)
            let fields = UDPFields(
                sourcePort: sourcePort, destinationPort: port,
                payloadByteCount: Self.gueByteCount &+ innerByteCount)
            if hasChecksum {
                fields.write(to: &bytes, between: addresses)
            } else {
                fields.write(to: &bytes)
            }
        }
    }
}

/// Sends a packet to its real server through a tunnel.
func send(
    _ frame: inout Frame, _ packet: inout HostPacket, through tunnel: Tunnel,
    _ view: ConnectionView, _ work: inout Work, _ host: inout HostTables,
    _ settings: DirectorSettings
) -> Verdict {
    guard !host.isOwn(view.server) else { return .consumed(.host) }
    let departure = host.departure(into: view.server, now: work.seconds)
    if let verdict = takeHop(&frame, &packet, &work, &host) { return verdict }
    let isOuterIPv4 = view.server.isIPv4Mapped
    let headerByteCount =
        (isOuterIPv4 ? IPv4Fields.byteCount : IPv6Fields.byteCount) &+ tunnel.byteCount
    let room = departure.mtu &- headerByteCount
    guard room >= (isOuterIPv4 ? Limits.mtuMin4 : Limits.mtuMin6) else {
        return .dropped(.packetTooBig)
    }
    if let verdict = ask(
        whether: packet, fits: room, isTunnel: true, frame, &work, &host, settings)
    {
        return verdict
    }
    frame.trim(to: packet.end)
    guard packet.byteCount &+ headerByteCount <= 65_535 else { return .dropped(.packetTooBig) }
    guard !tunnel.hasChecksum || frame.byteCount == packet.end else {
        return .dropped(.truncatedPacket)
    }
    wrap(
        &frame, &packet, in: tunnel, headerByteCount: headerByteCount,
        from: host.source(on: departure.link, isIPv4: isOuterIPv4), view, &work, &host,
        keepsDontFragment: settings.pmtuDisc)
    return output(
        &frame, packet, by: departure.link, mtu: departure.mtu, mayCutAnyway: true, &work, &host)
}

/// Puts the headers before the packet; afterwards `packet` is the outer one.
private func wrap(
    _ frame: inout Frame, _ packet: inout HostPacket, in tunnel: Tunnel, headerByteCount: Int,
    from source: IPv6Address, _ view: ConnectionView, _ work: inout Work,
    _ host: inout HostTables, keepsDontFragment: Bool
) {
    let innerByteCount = packet.byteCount
    let addresses = AddressPair(source, view.server)
    frame.advance(-headerByteCount)
    work.copyBytes(
        from: frame.offset &+ headerByteCount, count: packet.network, to: frame.offset)
    let dontFragment = packet.isIPv4 && packet.dontFragment && keepsDontFragment
    let identification =
        dontFragment ? 0 : UInt16(truncatingIfNeeded: host.nextIdentification())
    let inner = packet
    packet.isIPv4 = !addresses.isIPv6
    // Each IP version keeps the size of fragments for itself: the other does not go by it.
    if packet.isIPv4 != inner.isIPv4 { packet.fragmentByteCountMax = 0 }
    packet.proto = tunnel.proto(around: inner.isIPv4)
    packet.transport = packet.network &+ headerByteCount &- tunnel.byteCount
    packet.end &+= headerByteCount
    packet.dontFragment = dontFragment
    packet.recordedRoute = 0
    let codepoint = ECN(trafficClass: packet.trafficClass)
    packet.trafficClass = (codepoint == .ce ? .ect0 : codepoint).replacing(
        in: packet.trafficClass)
    packet.source = source
    packet.destination = view.server
    var bytes = work.mutableBytes(of: frame)
    bytes.setU16(packet.network &- 2, (packet.isIPv4 ? EtherType.ipv4 : .ipv6).rawValue)
    var transport = bytes.tail(from: packet.transport)
    tunnel.write(
        to: &transport, innerByteCount: innerByteCount, isIPv4: inner.isIPv4, between: addresses,
        sourcePort: sourcePort(view))
    var network = bytes.tail(from: packet.network)
    writeOuterHeader(
        to: &network, addresses, packet, payloadByteCount: innerByteCount &+ tunnel.byteCount,
        identification)
}

@_lifetime(bytes: copy bytes)
private func writeOuterHeader(
    to bytes: inout MutableRawSpan, _ addresses: AddressPair, _ packet: HostPacket,
    payloadByteCount: Int, _ identification: UInt16
) {
    switch addresses {
    case .v4(let source, let destination):
        var fields = IPv4Fields(
            source: source, destination: destination, proto: packet.proto,
            payloadByteCount: payloadByteCount)
        fields.ttl = packet.hopLimit
        fields.trafficClass = packet.trafficClass
        fields.identification = identification
        fields.dontFragment = packet.dontFragment
        fields.write(to: &bytes)
    case .v6(let source, let destination):
        var fields = IPv6Fields(
            source: source, destination: destination, nextHeader: packet.proto,
            payloadByteCount: payloadByteCount)
        fields.hopLimit = packet.hopLimit
        fields.trafficClass = packet.trafficClass
        fields.write(to: &bytes)
    }
}

/// GUE's source port: the same for all packets of a connection, so that links carry flows, not packets.
private func sourcePort(_ view: ConnectionView) -> Port {
    let ports = UInt64(view.clientPort.rawValue) << 16 | UInt64(view.virtualPort.rawValue)
    let hash = FoldedMultiply.hash(
        view.client.high ^ view.virtual.low, view.client.low ^ ports, HashKey(k0: 0, k1: 0))
    return Port(Limits.overlaySourcePortFirst | UInt16(truncatingIfNeeded: hash & 0x3fff))
}
