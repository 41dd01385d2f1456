// ICMP errors about packets of a connection: from routers and real servers towards clients (they
// quote what the client was answered), and from the clients' side towards real servers (they quote
// what the servers sent). The quoted packet's ends stand the other way round.
//
// Invariant: an error about no connection is left as it was. Types that are not errors are not looked
// at. One with a wrong checksum is not passed on in a changed form, which would make it look right.

import Wire

/// The kinds of ICMP that quote a packet, as the kernel's hooks take them.
private func isAboutPacket(_ type: UInt8, isIPv4: Bool) -> Bool {
    isIPv4 ? type == 3 || type == 4 || type == 11 : type < 128
}

/// What is asked of an ICMP error before the connection is known.
struct ErrorSight {
    var message: HostMessage
    var quote: QuotedPacket
    /// Of the quoted packet, as far as it has any.
    var ports: (source: Port, destination: Port)?
    /// As the kernel sees it: without the pseudo-header, which IPv6 has (see ARCHITECTURE).
    var isChecksumRight: Bool

    /// Nil for what is no error or quotes nothing that makes sense.
    init?(_ packet: HostPacket, in frame: RawSpan) {
        let bytes = packet.transportBytes(in: frame)
        guard bytes.byteCount >= ICMPFields.byteCount,
            isAboutPacket(bytes.u8(0), isIPv4: packet.isIPv4),
            let quote = QuotedPacket(
                frame, at: packet.transport &+ ICMPFields.byteCount, end: packet.end,
                isIPv4: packet.isIPv4)
        else { return nil }
        message = HostMessage(type: bytes.u8(0), code: bytes.u8(1), parameter: bytes.u32(4))
        self.quote = quote
        ports = quote.ports(in: frame, end: packet.end)
        isChecksumRight = Checksum.of(bytes) == 0
    }
}

/// An error from the servers' side: about a packet that went from client to server.
func replyError<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> ReplyOutcome {
    guard let sight = ErrorSight(packet, in: work.bytes(of: frame)), let ports = sight.ports,
        let index = table.find(
            outgoing: sight.quote.proto, server: Address(mapped: sight.quote.destination),
            ports.destination, client: Address(mapped: sight.quote.source), ports.source)
    else { return .notOurs }
    let view = table.view(index, core.rules)
    if view.method == .server(.masquerade) {
        guard sight.isChecksumRight,
            unmasquerade(&frame, &packet, quoting: sight.quote, view, &work)
        else { return .drop(.malformedTransport) }
    }
    core.rules.countOutgoing(table.server(of: index), byteCount: packet.byteCount)
    return .passes
}

/// An error from the clients' side: about a packet that went from server to client. Nil if it is
/// about no connection.
func requestError<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    guard let sight = ErrorSight(packet, in: work.bytes(of: frame)) else { return nil }
    if packet.isForHost, packet.isIPv4,
        let verdict = tunnelError(&frame, packet, sight, &table, &core, &work)
    {
        return verdict
    }
    let quote = sight.quote
    guard packet.isIPv4 || !quote.isFragment, let ports = sight.ports else { return nil }
    let flow = ClientFlow(
        quote.proto, client: Address(mapped: quote.destination), ports.destination,
        virtual: Address(mapped: quote.source), ports.source)
    let index: ConnectionIndex
    if let known = table.find(incoming: flow) {
        index = known
    } else {
        guard core.rules.settings.scheduleICMP else { return nil }
        switch open(flow, mark: packet.mark, isError: true, &table, &core) {
        case .connection(let opened): index = opened
        case .notOurs: return nil
        case .drop(let reason): return .dropped(reason)
        case .refused: return .dropped(.noServer)
        }
    }
    guard !packet.isIPv4 || sight.isChecksumRight else { return .dropped(.malformedTransport) }
    core.rules.countIncoming(table.server(of: index), byteCount: packet.byteCount)
    return forward(
        &frame, &packet, quoting: quote, table.view(index, core.rules), &work, &core.host,
        core.rules.settings)
}
