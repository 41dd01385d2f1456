// A director: the classic IPVS engine of one node. Its rules, the host it runs on, and the connections
// that it has shared out.
//
// Invariant: a rule change is whole or not at all, and happens between two batches. Time is the
// caller's: nanoseconds here, hundredths of a second (the ticks of a kernel with HZ=100) inside.

import Wire

public struct Director: ~Copyable {
    var core: DirectorCore
    var connections4: ConnectionTable<IPv4Address>
    var connections6: ConnectionTable<IPv6Address>

    /// A director without rules. `connectionCountMax` bounds the entries of each family.
    public init(
        host: DirectorHost, key: HashKey,
        connectionCountMax: Int = Limits.connectionCountMax
    ) {
        self.host = host
        core = DirectorCore(host: host, key: key)
        // Both have one key, so that a hash can be had before the table is chosen.
        connections4 = ConnectionTable(key: key, countMax: connectionCountMax)
        connections6 = ConnectionTable(key: key, countMax: connectionCountMax)
    }

    /// Virtual servers, real servers, marks and settings.
    public var rules: DirectorRules { core.rules }

    /// The host it runs on.
    public var host: DirectorHost {
        didSet {
            core.host.replace(with: host)
            core.hasOwnClients = core.hasOwnClients || connectionCount > 0
            core.noteOwnServers()
            core.rules.broadcasts = host.broadcasts
        }
    }

    /// Changes the rules. Connections of real servers that were deleted end at once where
    /// `expireNodestConn` says so.
    public mutating func change<Failure: Error>(
        _ body: (inout DirectorRules) throws(Failure) -> Void
    ) throws(Failure) {
        defer { core.noteOwnServers() }
        try body(&core.rules)
        connections4.expireOfDeletedServers(rules: &core.rules)
        connections6.expireOfDeletedServers(rules: &core.rules)
    }

    /// Entries now, templates among them.
    public var connectionCount: Int { connections4.count + connections6.count }
    /// Bytes of the connection tables.
    public var connectionByteCount: Int { connections4.byteCount + connections6.byteCount }

    /// Every connection, as `ipvsadm -Lnc` would list it, in no particular order.
    public func connectionEntries() -> [ConnectionEntry] {
        connections4.entries(core.rules) + connections6.entries(core.rules)
    }

    /// Lets time pass until `now`, in nanoseconds, without packets.
    public mutating func advance(to now: UInt64) {
        let now = now / Self.tickNanoseconds
        core.rules.expire(now: now)
        connections4.expire(now: now, rules: &core.rules)
        connections4.defend(rules: &core.rules)
        connections6.expire(now: now, rules: &core.rules)
        connections6.defend(rules: &core.rules)
    }

    /// For tests and the simulator.
    public func checkInvariants() -> Bool {
        connections4.checkInvariants() && connections6.checkInvariants()
            && core.rules.agrees(with: connections4, and: connections6)
    }

    static var tickNanoseconds: UInt64 { 10_000_000 }
}

/// What a director has besides the connections, which are in a table for each family.
struct DirectorCore: ~Copyable {
    var rules: DirectorRules
    var host: HostTables
    var reassembly: ReassemblyTable
    var packetDefence = PacketDefence()
    /// Some connection may have one of the host's addresses for its client.
    var hasOwnClients = false
    /// Some real server has, and packets for it stay here.
    private(set) var hasOwnServers = false

    init(host: DirectorHost, key: HashKey) {
        rules = DirectorRules(key: key)
        rules.broadcasts = host.broadcasts
        self.host = HostTables(host)
        reassembly = ReassemblyTable()
    }

    /// To be called whenever rules or host are others.
    mutating func noteOwnServers() {
        hasOwnServers = false
        for index in rules.servers.indices where host.isOwn(rules.servers[index].address) {
            hasOwnServers = true
        }
    }
}
