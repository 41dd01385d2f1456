// Masquerading: a request's destination becomes the real server's address and port, a reply's source
// the virtual ones again (ip_vs_nat_xmit in net/netfilter/ipvs/ip_vs_xmit.c, and the handlers in
// ip_vs_proto_tcp.c, _udp.c and _sctp.c).
//
// Invariant: TCP's and UDP's checksum changes by the difference only, so that a damaged segment stays
// damaged; as in the kernel, SCTP's is computed anew when the port changes, and UDP's where there
// was none.

import Wire

/// Sends a client's packet to its real server, or an error to the server whose packet it quotes.
func masquerade(
    _ frame: inout Frame, _ packet: inout HostPacket, quoting quote: QuotedPacket? = nil,
    _ view: ConnectionView, _ work: inout Work, _ host: inout HostTables,
    _ settings: DirectorSettings
) -> Verdict {
    let isLocal = host.isOwn(view.server)
    let departure = host.departure(to: view.server, now: work.seconds)
    if !isLocal,
        let verdict = approach(
            &frame, &packet, fitting: departure.mtu, &work, &host, settings)
    {
        return verdict
    }
    guard
        rewrite(
            .destination, of: packet, quoting: quote, to: view.server, view.serverPort, frame,
            &work)
    else { return .dropped(.malformedTransport) }
    packet.destination = view.server
    guard !isLocal else { return .consumed(.host) }
    return output(
        &frame, packet, by: departure.link, mtu: departure.mtu, mayCutAnyway: true, &work, &host)
}

/// Makes a real server's packet one from the virtual server, or an error from the servers' side one
/// about the packet as its client sent it; it goes on where it was going. False, with nothing changed,
/// if its transport header, or the quoted one, is not wholly there.
func unmasquerade(
    _ frame: inout Frame, _ packet: inout HostPacket, quoting quote: QuotedPacket? = nil,
    _ view: ConnectionView, _ work: inout Work
) -> Bool {
    guard
        rewrite(
            .source, of: packet, quoting: quote, to: view.virtual, view.virtualPort, frame, &work)
    else { return false }
    packet.source = view.virtual
    return true
}

@inline(__always)
private func rewrite(
    _ end: End, of packet: HostPacket, quoting quote: QuotedPacket?, to address: IPv6Address,
    _ port: Port, _ frame: Frame, _ work: inout Work
) -> Bool {
    if let quote { return rewriteError(end, of: packet, quote, to: address, port, frame, &work) }
    return rewrite(end, of: packet, to: address, port, frame, &work)
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
    let lacksChecksum = packet.lacksUDPChecksum(in: bytes.bytes)
    let before = packet.sctpPorts(in: bytes.bytes)
    readdress(
        &bytes, at: packet.network, isIPv4: packet.isIPv4, end, to: address, noting: &delta)
    report(
        &bytes, at: packet.transport, proto: packet.proto, byteCount: byteCount, end, to: port,
        applying: delta)
    guard bytes.byteCount >= packet.end else { return true }
    if before != packet.sctpPorts(in: bytes.bytes) {
        bytes.refreshSCTPChecksum(in: packet.transport..<packet.end)
    }
    if lacksChecksum { setUDPChecksum(&bytes, packet, end, address) }
    return true
}

/// Gives a datagram the checksum that its sender left out.
private func setUDPChecksum(
    _ bytes: inout MutableRawSpan, _ packet: HostPacket, _ end: End, _ address: IPv6Address
) {
    let addresses =
        end == .source
        ? AddressPair(address, packet.destination) : AddressPair(packet.source, address)
    let range = packet.transport..<packet.end
    let seed = addresses.pseudoHeader(proto: .udp, byteCount: range.count)
    let checksum = Checksum.of(bytes.bytes.extracting(range), seed: seed)
    bytes.setU16(packet.transport &+ 6, checksum == 0 ? 0xffff : checksum)
}

extension HostPacket {
    @inline(__always)
    fileprivate func lacksUDPChecksum(in frame: RawSpan) -> Bool {
        proto == .udp && frame.byteCount >= transport &+ UDPFields.byteCount
            && frame.u16(transport &+ 6) == 0
    }

    /// Both ports as one number; 0 for another protocol.
    @inline(__always)
    fileprivate func sctpPorts(in frame: RawSpan) -> UInt32 {
        proto == .sctp && frame.byteCount >= transport &+ 4 ? frame.u32(transport) : 0
    }
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
