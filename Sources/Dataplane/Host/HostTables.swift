// The host of a director in the form that packets ask it in: which addresses are its own, which link
// an address is reached by, and what fits through that link.
//
// Invariant: every address has a route, for the last one is the default link's of each family. Only
// configuration fills the tables; a packet adds nothing but path MTUs, of which few are kept.

import Wire

struct HostTables: ~Copyable {
    fileprivate struct Link {
        var mtu: Int
        /// What the link's own packets come from; the unspecified address if it has none.
        var source4: IPv6Address
        var source6: IPv6Address
    }

    fileprivate struct Route {
        var prefix: IPv6Address
        var mask: IPv6Address
        var link: LinkIndex
    }

    /// The same for IPv4 alone, which has a prefix of 96 bits in common.
    fileprivate struct Route4 {
        var prefix: UInt32
        var mask: UInt32
        var link: LinkIndex
    }

    private var links: [Link] = []
    /// The longest prefix first.
    private var routes: [Route] = []
    /// Those of them that are IPv4's, once more.
    private var routes4: [Route4] = []
    private var ownAddresses = AddressTable()
    private let defaultLink: LinkIndex
    let isRouter: Bool
    private var paths = PathTable()
    private var lastIdentification: UInt32 = 0
    /// The data lengths of the fragments of the datagram that was put together last.
    var pieces = [UInt16](repeating: 0, count: Limits.reassemblyPieceCountMax)

    init(_ host: DirectorHost) {
        defaultLink = host.defaultLink
        isRouter = host.isRouter
        for (index, link) in host.links.enumerated() {
            links.append(Link(link))
            for prefix in link.prefixes {
                ownAddresses.insert(IPv6Address(prefix.address), in: .clients, Self.own)
                routes.append(Route(prefix, LinkIndex(index)))
                if let broadcast = prefix.broadcast {
                    ownAddresses.insert(
                        IPv6Address(mapped: broadcast), in: .clients, Self.broadcast)
                }
            }
        }
        for address in host.ownAddresses.sorted() {
            ownAddresses.insert(IPv6Address(address), in: .clients, Self.own)
        }
        routes.sort { $0.length > $1.length }
        routes4 = routes.compactMap { Route4($0) }
    }

    /// Takes up another configuration; what was learnt of paths stays.
    mutating func replace(with host: DirectorHost) {
        var next = HostTables(host)
        next.paths = paths
        next.lastIdentification = lastIdentification
        self = next
    }

    /// Whose an address is, as far as the host knows.
    enum Standing { case own, broadcast, others }

    @inline(__always)
    func standing(of address: IPv6Address) -> Standing {
        guard address.isIPv4Mapped else { return isOwn(address) ? .own : .others }
        let slot = ownAddresses.slot(of: address.mappedIPv4, in: .clients)
        if slot.kind == .nothing { return .others }
        return slot.index == 0 ? .own : .broadcast
    }

    /// Whether the address is the host's.
    @inline(__always)
    func isOwn(_ address: IPv6Address) -> Bool {
        ownAddresses.find(address, in: .clients) == Self.own
    }

    /// Whether the address is that of all hosts on one of the links.
    func isBroadcast(_ address: IPv6Address) -> Bool {
        ownAddresses.find(address, in: .clients) == Self.broadcast
    }

    /// Whether the kernel takes a packet's destination for another host's address. It asks the routes
    /// for IPv4 alone, so that an IPv6 address of its own counts as well.
    func isUnicast(_ packet: HostPacket) -> Bool {
        !packet.isIPv4 || !(isOwn(packet.destination) || isBroadcast(packet.destination))
    }

    /// The link by which an address is reached.
    @inline(__always)
    func link(to address: IPv6Address) -> LinkIndex {
        address.isIPv4Mapped ? link(to: address.mappedIPv4) : link6(to: address)
    }

    @inline(__always)
    private func link(to address: IPv4Address) -> LinkIndex {
        for index in routes4.indices where routes4[index].holds(address) {
            return routes4[index].link
        }
        return defaultLink
    }

    @inline(never)
    private func link6(to address: IPv6Address) -> LinkIndex {
        for index in routes.indices where routes[index].holds(address) {
            return routes[index].link
        }
        return defaultLink
    }

    @inline(__always)
    func mtu(of link: LinkIndex) -> Int { links[Int(link.rawValue)].mtu }

    /// What fits on the way to an address by one link, as far as is known.
    @inline(__always)
    func mtu(to address: IPv6Address, by link: LinkIndex, now: UInt32) -> Int {
        let mtu = mtu(of: link)
        return paths.isEmpty ? mtu : min(mtu, paths.find(address, now: now) ?? mtu)
    }

    mutating func setMTU(_ mtu: Int, of link: LinkIndex) { links[Int(link.rawValue)].mtu = mtu }

    /// The address that the host's own packets by a link come from.
    func source(on link: LinkIndex, isIPv4: Bool) -> IPv6Address {
        isIPv4 ? links[Int(link.rawValue)].source4 : links[Int(link.rawValue)].source6
    }

    /// Keeps what an ICMP error says fits on the way to an address: never more than before, nor less
    /// than the kernel's least (net.ipv4.route.min_pmtu). Answers what the tunnels to it go by: as
    /// long as none has sent a packet since the first such error, that is what was known before.
    mutating func learn(mtu: Int, towards address: IPv6Address, now: UInt32) -> Int {
        let link = link(to: address)
        let known = self.mtu(to: address, by: link, now: now)
        if mtu < known {
            paths.remember(address, max(mtu, min(known, PathTable.mtuMin)), now: now)
        }
        return paths.isTakenUp(address)
            ? self.mtu(to: address, by: link, now: now) : self.mtu(of: link)
    }

    /// A tunnel's packet goes to the address.
    mutating func takeUp(pathTo address: IPv6Address) {
        if !paths.isEmpty { paths.takeUp(address) }
    }

    /// A number for a packet of the host's own that may be cut on its way.
    mutating func nextIdentification() -> UInt32 {
        lastIdentification &+= 1
        return lastIdentification
    }

    private static var own: AddressTarget { .node(NodeIndex(0)) }
    private static var broadcast: AddressTarget { .node(NodeIndex(1)) }
}

extension HostTables.Link {
    fileprivate init(_ link: DirectorLink) {
        mtu = link.mtu
        source4 = IPv6Address(mapped: IPv4Address(rawValue: 0))
        source6 = IPv6Address(high: 0, low: 0)
        for prefix in link.prefixes.reversed() {
            switch prefix.address {
            case .v4(let address): source4 = IPv6Address(mapped: address)
            case .v6(let address): source6 = address
            }
        }
    }
}

extension HostTables.Route {
    fileprivate init(_ prefix: IPPrefix, _ link: LinkIndex) {
        let offset = 128 - prefix.address.bitWidth
        let length = offset + prefix.length
        mask = IPv6Address(
            high: length == 0 ? 0 : UInt64.max << UInt64(max(0, 64 - length)),
            low: length <= 64 ? 0 : UInt64.max << UInt64(128 - length))
        let address = IPv6Address(prefix.address)
        self.prefix = IPv6Address(high: address.high & mask.high, low: address.low & mask.low)
        self.link = link
    }

    fileprivate var isIPv4: Bool { prefix.isIPv4Mapped && length >= 96 }
    fileprivate var length: Int { mask.high.nonzeroBitCount + mask.low.nonzeroBitCount }

    @inline(__always)
    fileprivate func holds(_ address: IPv6Address) -> Bool {
        address.high & mask.high == prefix.high && address.low & mask.low == prefix.low
    }
}

extension HostTables.Route4 {
    fileprivate init?(_ route: HostTables.Route) {
        guard route.isIPv4 else { return nil }
        prefix = route.prefix.mappedIPv4.rawValue
        mask = UInt32(truncatingIfNeeded: route.mask.low)
        link = route.link
    }

    @inline(__always)
    fileprivate func holds(_ address: IPv4Address) -> Bool { address.rawValue & mask == prefix }
}
