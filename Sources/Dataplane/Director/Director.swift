// A director: the classic IPVS engine on one node. Its rules, the host it runs on, and the table of
// connections that it has shared out.
//
// Invariant: a rule change is whole or not at all, and happens between two batches. Time is the
// caller's: nanoseconds in `process` and here, hundredths of a second (the kernel's ticks at HZ=100)
// inside.

import Wire

public struct Director: ~Copyable {
    /// Virtual servers, real servers, marks and settings.
    public var rules: DirectorRules { core.rules }
    /// Counted since the start, all virtual servers together.
    public var counters: ServiceCounters { core.counters }

    var core: DirectorCore
    var connections4: ConnectionTable<IPv4Address>
    var connections6: ConnectionTable<IPv6Address>

    /// A director without rules. `connectionCountMax` bounds the entries of each family.
    public init(
        host: DirectorHost, key: HashKey,
        connectionCountMax: Int = Limits.connectionCountMax
    ) {
        core = DirectorCore(rules: DirectorRules(key: key), host: host)
        connections4 = ConnectionTable(key: key, countMax: connectionCountMax)
        connections6 = ConnectionTable(key: key, countMax: connectionCountMax)
    }

    /// Entries now, templates among them.
    public var connectionCount: Int { connections4.count + connections6.count }
    /// Bytes of the connection tables.
    public var connectionByteCount: Int { connections4.byteCount + connections6.byteCount }

    /// Lets time pass without packets: what times out until `now` (in nanoseconds) is gone.
    public mutating func advance(to now: UInt64) {
        let ticks = Self.ticks(now)
        connections4.expire(now: ticks, rules: &core.rules)
        connections6.expire(now: ticks, rules: &core.rules)
    }

    /// For tests and the simulator.
    public func checkInvariants() -> Bool {
        connections4.checkInvariants(rules: core.rules)
            && connections6.checkInvariants(rules: core.rules)
    }

    static func ticks(_ nanoseconds: UInt64) -> UInt64 { nanoseconds / 10_000_000 }
}

/// What a director needs besides the connections: they are of two forms, this is one.
struct DirectorCore: ~Copyable {
    var rules: DirectorRules
    var host: HostTables
    var reassembly: ReassemblyTable
    var counters = ServiceCounters()

    init(rules: DirectorRules, host: DirectorHost) {
        self.rules = rules
        self.host = HostTables(host)
        reassembly = ReassemblyTable()
    }
}
