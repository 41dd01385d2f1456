// What comes from clients: find the packet's connection or open one, and forward the packet by it. The
// order of the questions is that of the kernel's request hook (ip_vs_in in
// net/netfilter/ipvs/ip_vs_core.c), as the recorded scenarios show it.
//
// Invariant: a packet that no virtual server takes is left as it was, for the host to deal with.

import Wire

/// The flow of a packet, seen from the client.
struct DirectorFlow<Address: FlowAddress> {
    var proto: IPProtocol
    var client: Address
    var clientPort: Port
    var destination: Address
    var destinationPort: Port
    var mark: UInt32
}

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
    let transport = packet.transportBytes(in: work.bytes(of: frame))
    guard packet.proto.hasPorts else { return nil }
    guard let sight = TransportSight(transport, packet.proto) else {
        return .dropped(.malformedTransport)
    }
    let event = TransportEvent(proto: packet.proto, transport: transport)
    let flow = DirectorFlow<Address>(packet, sight)
    var known = table.findIncoming(flow)
    if let index = known, isOver(index, sight, &table, &core, now: work.ticks) { known = nil }
    if let index = known, core.rules.isDeleted(table.server(of: index)) {
        guard core.rules.settings.expireNodestConn else { return .dropped(.serverDeleted) }
        table.expireNow(index, rules: &core.rules, now: work.ticks)
        known = nil
    }
    if let known { return carry(&frame, &packet, by: known, event, &table, &core, &work) }
    switch open(flow, sight, isQuoted: false, &table, &core, now: work.ticks) {
    case .connection(let index):
        return carry(&frame, &packet, by: index, event, &table, &core, &work)
    case .notOurs: return nil
    case .drop(let reason): return .dropped(reason)
    case .refused(let server):
        return leave(server, flow, event, &frame, &packet, &table, &core, &work)
    }
}

/// Whether a packet that opens a connection ends the one that its ports belonged to; it is gone then.
private func isOver<Address: FlowAddress>(
    _ index: ConnectionIndex, _ sight: TransportSight, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, now: UInt64
) -> Bool {
    guard sight.opens else { return false }
    let settings = core.rules.settings
    let isDrained = settings.expireNodestConn && core.rules.isDrained(table.server(of: index))
    guard
        isDrained
            || settings.connReuseMode != 0
                && table.mayBeReused(index, mode: settings.connReuseMode)
    else { return false }
    if !table.isControlling(index) { table.expireNow(index, rules: &core.rules, now: now) }
    return true
}

/// Opens a connection for a packet that has none, if a virtual server takes it. `isQuoted` says that
/// the packet itself is an ICMP error, and only its quote's first bytes are known.
func open<Address: FlowAddress>(
    _ flow: DirectorFlow<Address>, _ sight: TransportSight, isQuoted: Bool,
    _ table: inout ConnectionTable<Address>, _ core: inout DirectorCore, now: UInt64
) -> RequestOutcome {
    if !isQuoted {
        guard sight.isWhole else { return .drop(.malformedTransport) }
        guard core.rules.settings.lets(sight, flow.proto) else { return .notOurs }
    }
    guard
        let server = core.rules.find(
            mark: flow.mark, isIPv4: Address.isIPv4, proto: flow.proto,
            destination: flow.destination.mapped, destinationPort: flow.destinationPort)
    else { return .notOurs }
    guard !core.rules.dropsPacket() else { return .drop(.overloaded) }
    switch schedule(flow, for: server, rules: &core.rules, table: &table, now: now) {
    case .connection(let index): return .connection(index)
    case .ignored: return .notOurs
    case .refused: return .refused(server)
    case .dropped: return .drop(.connectionTableFull)
    }
}

extension DirectorSettings {
    /// Whether a packet may open a connection, as far as its transport header goes.
    fileprivate func lets(_ sight: TransportSight, _ proto: IPProtocol) -> Bool {
        switch proto {
        case .tcp: !sight.resets && (sight.opens || sloppyTCP)
        case .sctp: !sight.resets && (sight.opens || sloppySCTP)
        default: true
        }
    }
}

/// Forwards a packet by its connection, and moves that on.
private func carry<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, by index: ConnectionIndex,
    _ event: TransportEvent, _ table: inout ConnectionTable<Address>, _ core: inout DirectorCore,
    _ work: inout Work
) -> Verdict {
    core.count(incoming: packet.byteCount, for: table.server(of: index))
    table.advance(index, event, .input, rules: &core.rules, now: work.ticks)
    let view = table.view(index, core.rules)
    let verdict = forward(&frame, &packet, view, &work, &core)
    table.finish(index, rules: &core.rules, now: work.ticks)
    return verdict
}

/// What becomes of a packet whose virtual server has no real server for it: it bypasses them, or its
/// sender is told.
private func leave<Address: FlowAddress>(
    _ server: VirtualServerIndex, _ flow: DirectorFlow<Address>, _ event: TransportEvent,
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    let rule = core.rules[server].rule
    if core.rules.settings.cacheBypass, case .mark = rule.key, core.host.isUnicast(packet) {
        guard
            let index = table.openBypass(
                flow, isOnePacket: rule.isOnePacket, rules: &core.rules, now: work.ticks)
        else { return .dropped(.connectionTableFull) }
        return carry(&frame, &packet, by: index, event, &table, &core, &work)
    }
    if case .address(_, Port.ftp, _) = rule.key, flow.destinationPort != .ftp { return nil }
    refuse(.portUnreachable, frame, packet, &work, &core.host)
    return .dropped(.noServer)
}

extension DirectorFlow {
    /// The flow of a client's packet.
    init(_ packet: HostPacket, _ sight: TransportSight) {
        self.init(
            proto: packet.proto, client: Address(mapped: packet.source),
            clientPort: sight.sourcePort, destination: Address(mapped: packet.destination),
            destinationPort: sight.destinationPort, mark: packet.mark)
    }
}

extension Port {
    static var ftp: Port { Port(21) }
    static var ftpData: Port { Port(20) }
}
