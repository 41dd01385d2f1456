// Direct routing: the packet leaves towards the real server as it came, one hop less. The real server
// has the virtual address too and answers the client itself.
//
// Invariant: nothing of the packet changes but its hop limit. Bypass is the same towards where the
// packet was going anyway (ip_vs_dr_xmit, ip_vs_bypass_xmit in net/netfilter/ipvs/ip_vs_xmit.c).

import Wire

/// Sends a packet to its real server unchanged.
func route(
    _ frame: inout Frame, _ packet: inout HostPacket, _ view: ConnectionView, _ work: inout Work,
    _ host: inout HostTables, _ settings: DirectorSettings
) -> Verdict {
    guard !host.isOwn(view.server) else { return .consumed(.host) }
    return pass(&frame, &packet, towards: view.server, &work, &host, settings)
}

/// Sends a packet on past the cluster; to the host itself there is no way past it.
func bypass(
    _ frame: inout Frame, _ packet: inout HostPacket, _ work: inout Work,
    _ host: inout HostTables, _ settings: DirectorSettings
) -> Verdict {
    guard !host.isOwn(packet.destination) else { return .dropped(.unroutable) }
    return pass(&frame, &packet, towards: packet.destination, &work, &host, settings)
}

private func pass(
    _ frame: inout Frame, _ packet: inout HostPacket, towards address: IPv6Address,
    _ work: inout Work, _ host: inout HostTables, _ settings: DirectorSettings
) -> Verdict {
    let departure = host.departure(to: address, now: work.seconds)
    if let verdict = approach(
        &frame, &packet, fitting: departure.mtu, &work, &host, settings)
    {
        return verdict
    }
    return output(
        &frame, packet, by: departure.link, mtu: departure.mtu, mayCutAnyway: true, &work, &host)
}
