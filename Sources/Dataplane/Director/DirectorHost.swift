// The host that a director runs on, as far as its packets can tell: its links with their addresses,
// prefixes and MTU, and the addresses that are its own.
//
// Invariant: there is a route for every address: the longest prefix of a link that holds it, and
// otherwise the default link.

import Wire

/// One of the host's links.
public struct LinkIndex: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
    @inlinable public init(_ value: Int) { rawValue = UInt8(truncatingIfNeeded: value) }
}

public struct DirectorLink: Hashable, Sendable {
    public var name: String
    public var mtu: Int
    /// The host's addresses on the link, each with the prefix that is reached through it.
    public var prefixes: [IPPrefix]

    public init(name: String, mtu: Int, prefixes: [IPPrefix]) {
        self.name = name
        self.mtu = mtu
        self.prefixes = prefixes
    }
}

public struct DirectorHost: Hashable, Sendable {
    public var links: [DirectorLink]
    /// Where packets for no link's prefix leave.
    public var defaultLink: LinkIndex
    /// Addresses that are the host's besides those of its links: the virtual services', usually.
    public var ownAddresses: [IPAddress]
    /// Whether packets of another's address are forwarded as a router does.
    public var isRouter: Bool

    public init(
        links: [DirectorLink], defaultLink: LinkIndex = LinkIndex(0),
        ownAddresses: [IPAddress] = [], isRouter: Bool = true
    ) {
        precondition(Int(defaultLink.rawValue) < links.count)
        self.links = links
        self.defaultLink = defaultLink
        self.ownAddresses = ownAddresses
        self.isRouter = isRouter
    }
}

extension DirectorHost {
    /// The broadcast addresses of its links.
    var broadcasts: [IPv4Address] { links.flatMap(\.prefixes).compactMap(\.broadcast) }
}
