// What a router does with a packet for another host, before and after the hooks that may rewrite it
// (net/ipv4/ip_forward.c, ip6_forward in net/ipv6/ip6_output.c).
//
// Invariant: the hop limit is taken down before the hooks see the packet, the MTU is asked with the
// packet as it came, and an error quotes it so.

import Wire

/// The part before the hooks: nil if the packet goes on to them.
func beginForwarding(
    _ frame: inout Frame, _ packet: inout HostPacket, _ work: inout Work,
    _ host: inout HostTables
) -> Verdict? {
    guard host.isRouter else { return .dropped(.unroutable) }
    guard packet.hopLimit > 1 else {
        refuse(.timeExceeded, frame, packet, &work, &host)
        return .dropped(.ttlExpired)
    }
    if !packet.isIPv4, packet.source.isUnspecified { return .dropped(.martianSource) }
    if !packet.isIPv4, packet.source.isLinkLocal {
        let beyondScope = HostMessage(
            type: ICMPv6Type.destinationUnreachable.rawValue, code: ICMPv6UnreachableCode.scope)
        refuse(beyondScope, frame, packet, &work, &host)
        return .dropped(.unroutable)
    }
    let mtu = packet.mtu(of: host.link(to: packet.destination), host)
    guard packet.isForwardable(through: mtu) else {
        refuse(.tooBig(mtu), frame, packet, &work, &host)
        return .dropped(.packetTooBig)
    }
    packet.decrementHopLimit(in: frame, &work)
    return nil
}

/// The part after the hooks. `isRerouted` says that the packet's source was rewritten and its way
/// asked for anew (`snat_reroute`), as if it were the host's own.
func finishForwarding(
    _ frame: inout Frame, _ packet: HostPacket, isRerouted: Bool, _ work: inout Work,
    _ host: inout HostTables
) -> Verdict {
    let link = host.link(to: packet.destination)
    if packet.recordedRoute > 0 {
        let address =
            isRerouted ? packet.source : host.source(on: link, isIPv4: packet.isIPv4)
        work.setOptionAddress(address.mappedIPv4, at: packet.recordedRoute, frame, packet)
    }
    return output(
        &frame, packet, by: link, mtu: packet.mtu(of: link, host),
        mayCutAnyway: !packet.isIPv4 && packet.fragmentByteCountMax > 0, &work, &host)
}

/// Sends a packet of the host's own, such as an ICMP error, on its way: out by a link, or to the host
/// itself.
func sendOwn(
    _ frame: inout Frame, _ packet: HostPacket, _ work: inout Work, _ host: inout HostTables
) -> Verdict {
    guard !packet.isForHost else { return .consumed(.host) }
    let link = host.link(to: packet.destination)
    return output(
        &frame, packet, by: link,
        mtu: host.mtu(to: packet.destination, by: link, now: work.seconds), mayCutAnyway: false,
        &work, &host)
}

extension HostPacket {
    /// What may pass a link whole. A link too small for IPv6 counts as just large enough.
    func mtu(of link: LinkIndex, _ host: borrowing HostTables) -> Int {
        let mtu = host.mtu(of: link)
        return isIPv4 ? mtu : max(mtu, Limits.mtuMin6)
    }

    /// Whether a router may send the packet by a link, whole or, where that is allowed, cut.
    fileprivate func isForwardable(through mtu: Int) -> Bool {
        if byteCount <= mtu || (isIPv4 && !dontFragment) { return true }
        return fragmentByteCountMax > 0 && fragmentByteCountMax <= mtu
    }

    /// Takes one off the hop limit, which must not be zero.
    @inline(__always)
    mutating func decrementHopLimit(in frame: Frame, _ work: inout Work) {
        hopLimit &-= 1
        var bytes = work.mutableBytes(of: frame)
        if isIPv4, var header = MutableIPv4Header(&bytes, at: network) {
            header.decrementTTL()
        } else if var header = MutableIPv6Header(&bytes, at: network) {
            header.decrementHopLimit()
        }
    }
}

extension IPv6Address {
    var isLinkLocal: Bool { high >> 54 == 0xfe80 >> 6 }
}
