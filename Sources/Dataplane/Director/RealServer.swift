// A real server: one of the hosts behind a virtual service, how packets reach it, and how many
// connections it has. `RealServerRule` is one line of `ipvsadm -a`, `RealServer` what is kept of it.
//
// Invariant: `activeCount` and `inactiveCount` are the numbers of entries of the connection table
// bound to the server, `persistentCount` that of templates. A server that was deleted keeps its place
// until nothing is bound to it, so that a connection never names another one.

import Wire

/// A real server's place in `DirectorRules.servers`; stays valid while anything is bound to it.
public struct RealServerIndex: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ value: Int) { rawValue = UInt32(truncatingIfNeeded: value) }
    /// Stands where there is no server, as in a connection that bypasses the cluster.
    @inlinable public static var none: Self { Self(rawValue: .max) }
}

/// What a tunnel wraps packets in.
public enum TunnelKind: Hashable, Sendable {
    case ipip
    /// Generic UDP encapsulation to a port.
    case gue(Port)
    case gre
}

/// Which checksum a tunnel's own header carries.
public enum TunnelChecksum: Hashable, Sendable {
    case none
    case whole
    /// Remote checksum offload: GUE only.
    case remote
}

/// How a packet is brought to its real server.
public enum ForwardingMethod: Hashable, Sendable {
    /// `-m`: both addresses of the server's side are rewritten; replies come back this way.
    case masquerade
    /// `-g`: the packet goes out unchanged towards the server.
    case directRouting
    /// `-i`: the packet is wrapped.
    case tunnel(TunnelKind, TunnelChecksum)
}

/// A real server as it is configured.
public struct RealServerRule: Hashable, Sendable {
    public var address: IPAddress
    public var port: Port
    public var method: ForwardingMethod
    /// 0 takes no new connections.
    public var weight: Int32
    /// At this many connections the server takes no more; 0 is no bound.
    public var upperThreshold: UInt32
    /// Below this many it takes some again; 0 is three quarters of the upper threshold.
    public var lowerThreshold: UInt32

    public init(
        _ address: IPAddress, _ port: Port, method: ForwardingMethod = .directRouting,
        weight: Int32 = 1, upperThreshold: UInt32 = 0, lowerThreshold: UInt32 = 0
    ) {
        self.address = address
        self.port = port
        self.method = method
        self.weight = weight
        self.upperThreshold = upperThreshold
        self.lowerThreshold = lowerThreshold
    }
}

/// A real server as it runs.
public struct RealServer: Sendable {
    public internal(set) var rule: RealServerRule
    /// The service it belongs or belonged to, to know it again when it is added once more.
    let virtualServer: VirtualServerKey
    // What every packet wants stands together, so that it is seldom in two cache lines.
    /// That service's place, as long as it was not deleted.
    var owner = VirtualServerIndex.none
    /// Some service lists it; false once it was deleted.
    var isAvailable = true
    public internal(set) var counters = ServiceCounters()
    /// The rule's address in the mapped form.
    var address: IPv6Address
    /// Has been reached by masquerading since it was added.
    var isMasqueraded = false
    /// Deleted: when it was first seen that nothing names it.
    var idleSince: UInt64?
    /// Its upper threshold was reached and the lower one not come back to.
    package internal(set) var isOverloaded = false
    /// The latest weight that was not zero, since the server was last added: what Maglev hashing
    /// goes by.
    var lastWeight: Int32
    /// Entries of the table in a state that counts as active.
    public internal(set) var activeCount: Int32 = 0
    public internal(set) var inactiveCount: Int32 = 0
    /// Templates.
    public internal(set) var persistentCount: Int32 = 0
    /// Entries of the table that name the server, templates among them.
    var referenceCount: Int32 = 0

    init(_ rule: RealServerRule, of virtualServer: VirtualServerKey) {
        self.rule = rule
        self.virtualServer = virtualServer
        address = IPv6Address(rule.address)
        lastWeight = rule.weight
    }

    /// May be given a new connection, as far as weight and thresholds go.
    @inline(__always)
    var isUsable: Bool { rule.weight > 0 && !isOverloaded }
}
