// A virtual server with its real servers as listings show them: a copy of what the rules hold at one
// moment, in the order in which they hold it, and ipvsadm's order for it.

import Dataplane
import Wire

public struct ListedServer: Hashable, Sendable {
    public var rule: RealServerRule
    public var activeCount: UInt32 = 0
    public var inactiveCount: UInt32 = 0
    public var persistentCount: UInt32 = 0
    public var counters = ServiceCounters()
    public var rates = ServiceRates()

    public init(_ rule: RealServerRule) { self.rule = rule }

    init(_ server: RealServer, _ rates: ServiceRates) {
        rule = server.rule
        activeCount = UInt32(truncatingIfNeeded: server.activeCount)
        inactiveCount = UInt32(truncatingIfNeeded: server.inactiveCount)
        persistentCount = UInt32(truncatingIfNeeded: server.persistentCount)
        counters = server.counters
        self.rates = rates
    }
}

public struct ListedService: Hashable, Sendable {
    public var rule: VirtualServerRule
    public var counters = ServiceCounters()
    public var rates = ServiceRates()
    /// The newest first.
    public var servers: [ListedServer]

    public init(_ rule: VirtualServerRule, servers: [ListedServer] = []) {
        self.rule = rule
        self.servers = servers
    }

    /// All that the rules have.
    public static func all(of rules: DirectorRules, _ book: RateBook = RateBook()) -> [Self] {
        rules.virtualServers.indices.filter { rules.virtualServers[$0].isPresent }
            .map { Self(VirtualServerIndex($0), rules, book) }
    }

    private init(_ index: VirtualServerIndex, _ rules: DirectorRules, _ book: RateBook) {
        let service = rules.virtualServers[Int(index.rawValue)]
        rule = service.rule
        counters = service.counters
        rates = book.rates(of: index)
        servers = service.order.map {
            ListedServer(rules.servers[Int($0.rawValue)], book.rates(of: $0))
        }
    }
}
