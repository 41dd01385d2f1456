// The way of a packet through a director: what Linux does with it, with IPVS in its places.
//
//     in ──▶ examine ─▶ for the host ─▶ reassemble ─▶ reply? ─▶ request? ─▶ the host's own
//                └────▶ for others ──▶ hop limit, MTU ─▶ reassemble ─▶ error? ─▶ reply? ─▶ out
//     own ICMP errors ────────────────▶ reply? ─▶ request? ─▶ out
//
// IPVS looks at a family's packets only once there is a virtual server of that family. Invariant: each
// packet gets one verdict here, unless the director is no router: then what no connection or virtual
// server takes is left to the mesh, unchanged.

import Wire

/// Judges a frame; nil if it is the mesh's business.
func direct(
    _ frame: inout Frame, _ director: inout Director, _ work: inout Work
) -> Verdict? {
    var packet = HostPacket()
    let outcome = examine(
        work.bytes(of: frame), wireByteCount: frame.wireByteCount, director.core.host,
        into: &packet)
    switch outcome {
    case .drop(let reason): return director.core.host.isRouter ? .dropped(reason) : nil
    case .consumed(let kind): return director.core.host.isRouter ? .consumed(kind) : nil
    case .packet: break
    }
    // IPv6 is put together before anything else is asked, IPv4 where IPVS looks at it.
    if !packet.isIPv4, director.core.rules.hasVirtualServers(isIPv4: false), !frame.isGenerated,
        let verdict = director.core.assemble(&frame, &packet, &work)
    {
        return verdict
    }
    packet.mark = director.core.rules.mark(of: packet, in: work.bytes(of: frame))
    if packet.mark != 0 { packet.isForHost = true }
    guard packet.isForHost || frame.isGenerated || director.core.host.isRouter else { return nil }
    return packet.isIPv4
        ? direct(&frame, &packet, &director.connections4, &director.core, &work)
        : direct(&frame, &packet, &director.connections6, &director.core, &work)
}

private func direct<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    if frame.isGenerated { return sendOwn(&frame, &packet, &table, &core, &work) }
    if let verdict = takeOptions(&frame, &packet, &work, &core.host) { return verdict }
    return packet.isForHost
        ? receive(&frame, &packet, &table, &core, &work)
        : pass(&frame, &packet, &table, &core, &work)
}

/// A packet for the host: a client's, most likely.
private func receive<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    guard core.rules.hasVirtualServers(isIPv4: packet.isIPv4) else { return core.own }
    if packet.isIPv4, let verdict = core.assemble(&frame, &packet, &work) { return verdict }
    switch answer(&frame, &packet, &table, &core, &work) {
    case .drop(let reason): return .dropped(reason)
    case .passes: return .consumed(.host)
    case .notOurs: break
    }
    return ask(&frame, &packet, &table, &core, &work) ?? core.own
}

/// A packet that the host routes: a real server's reply, most likely.
private func pass<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    if let verdict = beginForwarding(&frame, &packet, &work, &core.host) { return verdict }
    var isRewritten = false
    if core.rules.hasVirtualServers(isIPv4: packet.isIPv4),
        packet.isMessage || packet.proto.hasPorts
    {
        if packet.isIPv4, let verdict = core.assemble(&frame, &packet, &work) { return verdict }
        if packet.isMessage,
            let verdict = requestError(&frame, &packet, &table, &core, &work)
        {
            return verdict
        }
        switch answer(&frame, &packet, &table, &core, &work) {
        case .drop(let reason): return .dropped(reason)
        case .passes: isRewritten = true
        case .notOurs: break
        }
    }
    return finishForwarding(
        &frame, packet, isRerouted: isRewritten && core.rules.settings.snatReroute, &work,
        &core.host)
}

/// An ICMP error of the director's own. It can be about a connection, or sent to a virtual server.
private func sendOwn<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    if core.rules.hasVirtualServers(isIPv4: packet.isIPv4) {
        switch answer(&frame, &packet, &table, &core, &work) {
        case .drop(let reason): return .dropped(reason)
        case .passes: return sendOwn(&frame, packet, &work, &core.host)
        case .notOurs: break
        }
        if let verdict = ask(&frame, &packet, &table, &core, &work) { return verdict }
    }
    return sendOwn(&frame, packet, &work, &core.host)
}

/// The reply's hook.
private func answer<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> ReplyOutcome {
    packet.isMessage
        ? replyError(&frame, &packet, &table, &core, &work)
        : reply(&frame, &packet, &table, &core, &work)
}

/// The request's hook.
private func ask<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    packet.isMessage
        ? requestError(&frame, &packet, &table, &core, &work)
        : request(&frame, &packet, &table, &core, &work)
}

extension DirectorCore {
    fileprivate mutating func assemble(
        _ frame: inout Frame, _ packet: inout HostPacket, _ work: inout Work
    ) -> Verdict? {
        reassemble(&frame, &packet, &host, &work, &reassembly)
    }

    /// What becomes of a packet for the host that IPVS does not take.
    fileprivate var own: Verdict? { host.isRouter ? .consumed(.host) : nil }
}

extension HostPacket {
    /// ICMP of the packet's own family.
    fileprivate var isMessage: Bool { proto == (isIPv4 ? .icmp : .icmpv6) }
}

extension DirectorRules {
    /// The mark of a packet; a later fragment has no ports to be marked by.
    fileprivate func mark(of packet: HostPacket, in frame: RawSpan) -> UInt32 {
        guard !marks.isEmpty, packet.proto.hasPorts else { return 0 }
        let transport = packet.transportBytes(in: frame)
        let hasPorts = packet.fragment != .later && transport.byteCount >= 4
        return mark(
            proto: packet.proto, destination: packet.destination,
            destinationPort: Port(hasPorts ? transport.u16(2) : 0))
    }
}
