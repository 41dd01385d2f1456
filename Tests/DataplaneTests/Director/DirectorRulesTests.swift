// Goal: rules are what was asked for, whatever came before. Method: thousands of random changes, valid
// and not, with connections that come and go between them, against `NaiveRules`; after each step
// order, counts, errors and lookups must agree and the invariants hold.

import Dataplane
import Testing
import Wire

@Suite struct DirectorRulesTests {
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `random changes give what naive rules give`(seed: UInt64) {
        var run = RuleRun(seed: seed)
        for step in 0..<1_500 {
            run.step()
            let difference = run.difference()
            #expect(difference == nil, "seed \(seed), step \(step)")
            if difference != nil { return }
        }
        #expect(run.takenUpCount > 10)
        #expect(run.refusedCount > 100)
        #expect(run.freedCount > 10)
    }

    @Test func `a service of one family is not found by packets of the other`() throws {
        var rules = DirectorRules(key: HashKey(k0: 1, k1: 2))
        try rules.add(VirtualServerRule(.mark(5, isIPv4: true)))
        let address = IPv6Address(high: 0x2001_0db8 << 32, low: 1)
        let found = rules.find(
            mark: 5, isIPv4: false, proto: .tcp, destination: address, destinationPort: Port(80))
        #expect(found == nil)
        #expect(rules.index(of: .mark(5, isIPv4: true)) != nil)
        #expect(throws: RuleError.serviceExists) {
            try rules.add(VirtualServerRule(.mark(5, isIPv4: true)))
        }
        #expect(throws: RuleError.invalid(.mark)) {
            try rules.add(VirtualServerRule(.mark(0, isIPv4: true)))
        }
    }

    @Test(arguments: [(0, true), (32, true), (33, true), (-1, true), (0, false), (1, false)])
    func `an IPv6 netmask has at least one bit`(length: Int, isIPv4: Bool) {
        var rules = DirectorRules(key: HashKey(k0: 1, k1: 2))
        let persistence = Persistence(timeoutSeconds: 300, prefixLength: length)
        let rule = VirtualServerRule(.mark(1, isIPv4: isIPv4), persistence: persistence)
        let isValid = (isIPv4 ? 0...32 : 1...128).contains(length)
        let isTaken = (try? rules.add(rule)) != nil
        #expect(isTaken == isValid)
    }

    /// A deleted server's place is not another's for two minutes after its last connection. The
    /// kernel looks each minute, and must have seen it idle once before.
    @Test func `the place of a deleted server is kept while anything is bound to it`() throws {
        var rules = DirectorRules(key: HashKey(k0: 1, k1: 2))
        let key = VirtualServerKey.mark(1, isIPv4: true)
        try rules.add(VirtualServerRule(key, scheduler: .roundRobin))
        func server(_ number: UInt8) -> RealServerRule {
            RealServerRule(.v4(IPv4Address(10, 2, 1, number)), Port(0))
        }
        try rules.add(server(1), to: key)
        let index = rules.virtualServers[0].order[0]
        rules.bind(index, isTemplate: false, isActive: true)
        try rules.delete(server(1).address, Port(0), from: key)
        rules.expire(now: 1_000_000)
        rules.unbind(index, isTemplate: false, isActive: true)
        rules.expire(now: 1_006_000)
        rules.expire(now: 1_013_999)
        try rules.add(server(2), to: key)
        #expect(rules.virtualServers[0].order[0] != index)
        rules.expire(now: 1_014_000)
        try rules.add(server(3), to: key)
        #expect(rules.virtualServers[0].order[0] == index)
        #expect(rules.checkInvariants())
    }

    @Test func `counters are kept by a server that returns and not by a service that does`() throws
    {
        var rules = DirectorRules(key: HashKey(k0: 1, k1: 2))
        let key = VirtualServerKey.address(.v4(IPv4Address(10, 0, 0, 1)), Port(53), .udp)
        let server = RealServerRule(.v4(IPv4Address(10, 2, 1, 1)), Port(53))
        try rules.add(VirtualServerRule(key))
        try rules.add(server, to: key)
        let index = rules.virtualServers[0].order[0]
        rules.countConnection(VirtualServerIndex(0), index)
        rules.countIncoming(index, byteCount: 29)
        try rules.delete(server.address, server.port, from: key)
        rules.countIncoming(index, byteCount: 29)
        try rules.add(server, to: key)
        #expect(rules.servers[0].counters.connectionCount == 1)
        #expect(rules.servers[0].counters.incoming.byteCount == 29)
        #expect(rules.virtualServers[0].counters.incoming.packetCount == 1)
        try rules.delete(key)
        try rules.add(VirtualServerRule(key))
        try rules.add(server, to: key)
        #expect(rules.virtualServers[0].order == [index])
        #expect(rules.servers[0].counters == ServiceCounters())
        #expect(rules.virtualServers[0].counters == ServiceCounters())
    }
}
