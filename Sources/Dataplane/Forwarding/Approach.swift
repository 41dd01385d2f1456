// What all ways of forwarding have in common before anything is rewritten (__ip_vs_get_out_rt in
// net/netfilter/ipvs/ip_vs_xmit.c): is the real server this host, does the hop limit last, does the
// packet fit the way to it.
//
// Invariant: a packet that goes no further was answered, if it may be, as from the address it was sent
// to, and stands in the frame as the answer quotes it: one hop less if it only was too big.

import Wire

/// Where a packet leaves.
struct Departure {
    var link: LinkIndex
    /// Of the link, or of the way to the real server where less is known to fit.
    var mtu: Int
}

extension HostTables {
    func departure(to address: IPv6Address, now: UInt32) -> Departure {
        let link = link(to: address)
        return Departure(link: link, mtu: mtu(to: address, by: link, now: now))
    }

    /// The same for a tunnel's packet, which takes up what was learnt of its way.
    mutating func departure(into address: IPv6Address, now: UInt32) -> Departure {
        takeUp(pathTo: address)
        return departure(to: address, now: now)
    }
}

/// Takes one off the hop limit and asks whether the packet fits a link; nil if it goes on.
@inline(__always)
func approach(
    _ frame: inout Frame, _ packet: inout HostPacket, fitting mtu: Int,
    _ work: inout Work, _ host: inout HostTables, _ settings: DirectorSettings
) -> Verdict? {
    takeHop(&frame, &packet, &work, &host)
        ?? ask(whether: packet, fits: mtu, isTunnel: false, frame, &work, &host, settings)
}

/// Takes one off the hop limit; nil if the packet goes on.
@inline(__always)
func takeHop(
    _ frame: inout Frame, _ packet: inout HostPacket, _ work: inout Work, _ host: inout HostTables
) -> Verdict? {
    guard packet.hopLimit > 1 else {
        refuse(.timeExceeded, frame, packet, &work, &host)
        return .dropped(.ttlExpired)
    }
    packet.decrementHopLimit(in: frame, &work)
    return nil
}

/// Asks whether the packet fits; nil if it goes on. In a tunnel IPv4 packets are cut for all their DF
/// when `pmtu_disc` is off.
@inline(__always)
func ask(
    whether packet: HostPacket, fits mtu: Int, isTunnel: Bool, _ frame: Frame, _ work: inout Work,
    _ host: inout HostTables, _ settings: DirectorSettings
) -> Verdict? {
    let isTooBig: Bool
    if packet.isIPv4 {
        isTooBig =
            packet.byteCount > mtu && packet.dontFragment && packet.proto != .icmp
            && (settings.pmtuDisc || !isTunnel)
    } else {
        let largest = packet.fragmentByteCountMax
        isTooBig = (largest > 0 ? largest : packet.byteCount) > mtu
    }
    guard isTooBig else { return nil }
    if packet.fragment != .later, packet.proto != .icmpv6 {
        refuse(.tooBig(mtu), frame, packet, &work, &host)
    }
    return .dropped(.packetTooBig)
}

/// Forwards a client's packet, or an ICMP error about the packet that it quotes, as its connection says.
func forward(
    _ frame: inout Frame, _ packet: inout HostPacket, quoting quote: QuotedPacket? = nil,
    _ view: ConnectionView, _ work: inout Work, _ host: inout HostTables,
    _ settings: DirectorSettings
) -> Verdict {
    switch view.method {
    case .server(.masquerade):
        return masquerade(&frame, &packet, quoting: quote, view, &work, &host, settings)
    case .server(.directRouting):
        return route(&frame, &packet, view, &work, &host, settings)
    case .server(.tunnel(let kind, let checksum)):
        let tunnel = Tunnel(kind, checksum)
        return send(&frame, &packet, through: tunnel, view, &work, &host, settings)
    case .bypass:
        return bypass(&frame, &packet, &work, &host, settings)
    }
}
