// What comes from real servers: find the connection that it answers and restore what the client sent
// to. In the kernel the reply hook sees every packet that is forwarded or for the host, before the
// request hook does (ip_vs_out in net/netfilter/ipvs/ip_vs_core.c).
//
// Invariant: a packet that answers no connection is left as it was.

import Wire

/// What the reply's hook made of a packet.
enum ReplyOutcome {
    case notOurs
    /// Counted, and rewritten where its connection is masqueraded; it goes on where it was going.
    case passes
    case drop(Drop)
}

/// Rewrites a real server's packet if it answers a connection.
func reply<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> ReplyOutcome {
    let transport = packet.transportBytes(in: work.bytes(of: frame))
    guard let sight = TransportSight(transport, packet.proto) else { return .notOurs }
    guard
        let index = table.findOutgoing(
            packet.proto, server: Address(mapped: packet.source), sight.sourcePort,
            client: Address(mapped: packet.destination), sight.destinationPort)
    else { return refuseStray(frame, packet, sight, &core, &work) }
    let view = table.view(index, core.rules)
    if case .server(.masquerade) = view.method {
        let event = TransportEvent(proto: packet.proto, transport: transport)
        guard unmasquerade(&frame, &packet, view, &work) else { return .drop(.malformedTransport) }
        answer(index, event, packet, &table, &core, now: work.ticks)
    } else {
        let event = TransportEvent(proto: packet.proto, transport: transport)
        answer(index, event, packet, &table, &core, now: work.ticks)
    }
    return .passes
}

/// Counts a reply and moves its connection on.
private func answer<Address: FlowAddress>(
    _ index: ConnectionIndex, _ event: TransportEvent, _ packet: HostPacket,
    _ table: inout ConnectionTable<Address>, _ core: inout DirectorCore, now: UInt64
) {
    core.count(outgoing: packet.byteCount, for: table.server(of: index))
    table.advance(index, event, .output, rules: &core.rules, now: now)
    table.finish(index, rules: &core.rules, now: now)
}

/// With `nat_icmp_send`, tells a real server that what it answers is no longer known.
private func refuseStray(
    _ frame: Frame, _ packet: HostPacket, _ sight: TransportSight, _ core: inout DirectorCore,
    _ work: inout Work
) -> ReplyOutcome {
    guard core.rules.settings.natICMPSend, !sight.resets,
        core.rules.isMasqueradedServer(packet.source, sight.sourcePort, packet.proto)
    else { return .notOurs }
    refuse(.portUnreachable, frame, packet, &work, &core.host)
    return .drop(.noFlow)
}

extension HostPacket {
    /// Transport header and payload.
    @_lifetime(copy frame)
    func transportBytes(in frame: RawSpan) -> RawSpan {
        let end = min(end, frame.byteCount)
        return frame.extracting(min(transport, end)..<end)
    }
}
