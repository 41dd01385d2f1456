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
    guard let sight = packet.transportSight(in: work.bytes(of: frame)) else { return .notOurs }
    guard
        let index = table.find(
            outgoing: packet.proto, server: Address(mapped: packet.source), sight.sourcePort,
            client: Address(mapped: packet.destination), sight.destinationPort)
    else { return refuseStray(frame, packet, sight, &core, &work) }
    let view = table.view(index, core.rules)
    if view.method == .server(.masquerade), !unmasquerade(&frame, &packet, view, &work) {
        return .drop(.malformedTransport)
    }
    core.rules.countOutgoing(table.server(of: index), byteCount: packet.byteCount)
    table.advance(index, sight.event, .output, rules: &core.rules)
    return .passes
}

/// With `nat_icmp_send`, tells a real server that what it answers is no longer known.
private func refuseStray(
    _ frame: Frame, _ packet: HostPacket, _ sight: TransportSight, _ core: inout DirectorCore,
    _ work: inout Work
) -> ReplyOutcome {
    guard core.rules.settings.natICMPSend, !sight.event.isReset,
        core.rules.isMasqueraded(
            proto: packet.proto, address: packet.source, port: sight.sourcePort)
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

/// What is asked of a transport header before the connection is known.
struct TransportSight {
    var sourcePort: Port
    var destinationPort: Port
    var event: TransportEvent
}

extension HostPacket {
    /// Nil without ports.
    func transportSight(in frame: RawSpan) -> TransportSight? {
        let transport = transportBytes(in: frame)
        guard proto.hasPorts, let ports = TransportPorts(transport) else { return nil }
        return TransportSight(
            sourcePort: ports.source, destinationPort: ports.destination,
            event: TransportEvent(proto, transport))
    }
}
