// What comes from clients: find the packet's connection or open one, and forward the packet by it. The
// order of the questions is that of the kernel's request hook (ip_vs_in in
// net/netfilter/ipvs/ip_vs_core.c), as the recorded scenarios show it.
//
// Invariant: a packet that no virtual server takes is left as it was, for the host to deal with.

import Wire

/// What a look for a packet's connection came to.
enum RequestOutcome {
    case connection(ConnectionIndex)
    /// No virtual server's: the host's business.
    case notOurs
    case drop(Drop)
    /// A virtual server's, but it has no real server that would take it.
    case refused(VirtualServerIndex)
}

/// Forwards a client's packet; nil if no virtual server takes it.
func request<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    guard packet.proto.hasPorts else { return nil }
    guard let sight = packet.transportSight(in: work.bytes(of: frame)) else {
        return .dropped(.malformedTransport)
    }
    let event = sight.event
    let flow = ClientFlow(
        packet.proto, client: Address(mapped: packet.source), sight.sourcePort,
        virtual: Address(mapped: packet.destination), sight.destinationPort)
    if let index = table.find(incoming: flow) {
        switch table.use(index, event, rules: core.rules) {
        case .keep: return carry(&frame, &packet, by: index, event, &table, &core, &work)
        case .giveUp: table.expireNow(index)
        case .passOver: break
        case .dropPacket: return .dropped(.serverDeleted)
        }
    }
    switch event.opening(core.rules.settings) {
    case .may: break
    case .mayNot: return nil
    case .unreadable: return .dropped(.malformedTransport)
    }
    switch open(flow, mark: packet.mark, &table, &core) {
    case .connection(let index):
        return carry(&frame, &packet, by: index, event, &table, &core, &work)
    case .notOurs: return nil
    case .drop(let reason): return .dropped(reason)
    case .refused(let server):
        return leave(server, flow, event, &frame, &packet, &table, &core, &work)
    }
}

/// Opens a connection for a packet that has none, if a virtual server takes it, or for an ICMP error
/// about what would be an answer of it.
func open<Address: FlowAddress>(
    _ flow: ClientFlow<Address>, mark: UInt32, isError: Bool = false,
    _ table: inout ConnectionTable<Address>, _ core: inout DirectorCore
) -> RequestOutcome {
    let destination = flow.virtual.mapped
    if core.host.isOwn(flow.client.mapped) { core.hasOwnClients = true }
    guard
        let server = core.rules.find(
            mark: mark, isIPv4: destination.isIPv4Mapped, proto: flow.proto,
            destination: destination, destinationPort: flow.virtualPort)
    else { return .notOurs }
    guard !core.packetDefence.dropsPacket(core.rules.settings, table.room) else {
        return .drop(.overloaded)
    }
    switch table.schedule(flow, for: server, isError: isError, rules: &core.rules) {
    case .connection(let index): return .connection(index)
    case .ignored: return .notOurs
    case .refused: return .refused(server)
    case .dropped: return .drop(.connectionTableFull)
    }
}

/// Forwards a packet by its connection, and moves that on.
private func carry<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, by index: ConnectionIndex,
    _ event: TransportEvent, _ table: inout ConnectionTable<Address>, _ core: inout DirectorCore,
    _ work: inout Work
) -> Verdict {
    core.rules.countIncoming(table.server(of: index), byteCount: packet.byteCount)
    let view = table.view(index, core.rules)
    table.advance(index, event, .input, rules: &core.rules)
    return forward(&frame, &packet, view, &work, &core.host, core.rules.settings)
}

/// What becomes of a packet whose virtual server has no real server for it: it bypasses them, or its
/// sender is told.
private func leave<Address: FlowAddress>(
    _ server: VirtualServerIndex, _ flow: ClientFlow<Address>, _ event: TransportEvent,
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    let rule = core.rules[server].rule
    if core.rules.settings.cacheBypass, case .mark = rule.key, core.host.isUnicast(packet) {
        guard let index = table.bypass(flow, for: server, rules: &core.rules) else {
            return .dropped(.connectionTableFull)
        }
        return carry(&frame, &packet, by: index, event, &table, &core, &work)
    }
    if rule.key.port == Port.ftp, flow.virtualPort != .ftp { return nil }
    refuse(.portUnreachable, frame, packet, &work, &core.host)
    return .dropped(.noServer)
}

extension Port {
    static var ftp: Port { Port(21) }
}
