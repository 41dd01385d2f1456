// The way of a packet through a director: what Linux does with it, with IPVS in its places.
//
//     in ─▶ examine ─▶ for the host ─▶ reassemble ─▶ reply? ─▶ request? ─▶ the host's own
//               └────▶ for others ──▶ hop limit, MTU ─▶ reassemble ─▶ error? ─▶ reply? ─▶ out
//
// IPVS looks at what a family's packets are only once there is a virtual server of that family.
// Invariant: each packet gets one verdict here, unless the director is no router: then what no
// connection or virtual server takes is left to the mesh, unchanged.

import Wire

/// Judges a frame; nil if it is the mesh's business.
func direct(
    _ frame: inout Frame, _ packet: inout HostPacket, _ director: inout Director,
    _ work: inout Work
) -> Verdict? {
    switch examine(frame, &packet, &director.core, &work) {
    case .drop(let reason): return director.core.host.isRouter ? .dropped(reason) : nil
    case .neighbour: return .consumed(.neighbour)
    case .packet: break
    }
    guard packet.isForHost || director.core.host.isRouter else { return nil }
    return packet.isIPv4
        ? direct(&frame, &packet, &director.connections4, &director.core, &work)
        : direct(&frame, &packet, &director.connections6, &director.core, &work)
}

private func direct<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    packet.isForHost
        ? receive(&frame, &packet, &table, &core, &work)
        : pass(&frame, &packet, &table, &core, &work)
}

/// A packet for the host: a client's, most likely.
private func receive<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    if let verdict = reassemble(&frame, &packet, &core, &work) { return verdict }
    guard core.rules.hasServers(isIPv4: packet.isIPv4) else { return core.own }
    switch replyOrError(&frame, &packet, &table, &core, &work) {
    case .drop(let reason): return .dropped(reason)
    case .passes: return .consumed(.host)
    case .notOurs: break
    }
    let verdict =
        packet.isMessage
        ? requestError(&frame, &packet, &table, &core, &work)
        : request(&frame, &packet, &table, &core, &work)
    return verdict ?? core.own
}

/// A packet that the host routes: a real server's reply, most likely.
private func pass<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> Verdict? {
    if let verdict = forward(&frame, &packet, &core.host, &work) { return verdict }
    if core.rules.hasServers(isIPv4: packet.isIPv4), packet.isMessage || packet.proto.hasPorts {
        if let verdict = reassemble(&frame, &packet, &core, &work) { return verdict }
        if packet.isMessage,
            let verdict = requestError(&frame, &packet, &table, &core, &work)
        {
            return verdict
        }
        if case .drop(let reason) = replyOrError(&frame, &packet, &table, &core, &work) {
            return .dropped(reason)
        }
    }
    return transmit(&frame, packet, &core.host, &work)
}

private func replyOrError<Address: FlowAddress>(
    _ frame: inout Frame, _ packet: inout HostPacket, _ table: inout ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work
) -> ReplyOutcome {
    packet.isMessage
        ? replyError(&frame, &packet, &table, &core, &work)
        : reply(&frame, &packet, &table, &core, &work)
}

extension DirectorCore {
    /// What becomes of a packet for the host that IPVS does not take.
    fileprivate var own: Verdict? { host.isRouter ? .consumed(.host) : nil }
}

extension HostPacket {
    /// ICMP of the packet's own family.
    fileprivate var isMessage: Bool { proto == (isIPv4 ? .icmp : .icmpv6) }
}
