// Masquerading: a request's destination becomes the real server's address and port, a reply's source
// the virtual ones again (ip_vs_nat_xmit in net/netfilter/ipvs/ip_vs_xmit.c, and the handlers in
// ip_vs_proto_tcp.c, _udp.c and _sctp.c).
//
// Invariant: TCP's and UDP's checksum changes by the difference only, so that a damaged segment stays
// damaged; SCTP's is computed anew when the port changes, as the kernel does.

import Wire

/// Sends a client's packet to its real server.
func masquerade(
    _ frame: inout Frame, _ packet: inout HostPacket, _ view: ConnectionView, _ work: inout Work,
    _ host: inout HostTables, _ settings: DirectorSettings
) -> Verdict {
    let isLocal = host.isOwn(view.server)
    let departure = host.departure(to: view.server, now: work.seconds)
    if !isLocal,
        let verdict = approach(
            &frame, &packet, fitting: departure.mtu, isTunnel: false, &work, &host, settings)
    {
        return verdict
    }
    guard rewrite(.destination, of: packet, to: view.server, view.serverPort, frame, &work) else {
        return .dropped(.malformedTransport)
    }
    packet.destination = view.server
    guard !isLocal else { return .consumed(.host) }
    return output(
        &frame, packet, by: departure.link, mtu: departure.mtu, mayCutAnyway: true, &work, &host)
}

/// Makes a real server's packet one from the virtual server; it goes on where it was going. False,
/// with nothing changed, if its transport header is not wholly there.
func unmasquerade(
    _ frame: inout Frame, _ packet: inout HostPacket, _ view: ConnectionView, _ work: inout Work
) -> Bool {
    guard rewrite(.source, of: packet, to: view.virtual, view.virtualPort, frame, &work) else {
        return false
    }
    packet.source = view.virtual
    return true
}

@inline(__always)
private func rewrite(
    _ end: End, of packet: HostPacket, to address: IPv6Address, _ port: Port, _ frame: Frame,
    _ work: inout Work
) -> Bool {
    let byteCount = packet.end &- packet.transport
    guard byteCount >= packet.proto.headerByteCountMin else { return false }
    var bytes = work.mutableBytes(of: frame)
    var delta = ChecksumDelta()
    let before = ports(bytes.bytes, packet)
    readdress(
        &bytes, at: packet.network, isIPv4: packet.isIPv4, end, to: address, noting: &delta)
    report(
        &bytes, at: packet.transport, proto: packet.proto, byteCount: byteCount, end, to: port,
        applying: delta)
    if packet.proto == .sctp, before != ports(bytes.bytes, packet),
        bytes.byteCount >= packet.end
    {
        bytes.refreshSCTPChecksum(in: packet.transport..<packet.end)
    }
    return true
}

/// Both ports as one number.
@inline(__always)
private func ports(_ bytes: RawSpan, _ packet: HostPacket) -> UInt32 {
    guard packet.proto == .sctp, bytes.byteCount >= packet.transport &+ 4 else { return 0 }
    return bytes.u32(packet.transport)
}

extension IPProtocol {
    /// What must be there of a transport header to be rewritten.
    @inline(__always)
    fileprivate var headerByteCountMin: Int {
        switch self {
        case .tcp: 20
        case .sctp: SCTPFields.byteCount
        default: UDPFields.byteCount
        }
    }
}
