// Goal: hashing, chains, the wheel and templates change nothing of what is remembered. Method: the
// table and a naive one get the same seeded packets, waits, endings and deletions of servers, and
// must hold the same entries with the same time left after each.

import Dataplane
import Testing
import Wire

@Suite struct NaiveAgreementTests {
    @Test(arguments: 0..<6)
    func `IPv4 connections are those of the naive table`(seed: UInt64) throws {
        try compare(IPv4Address.self, seed: seed, persistence: nil)
    }

    @Test(arguments: 6..<12)
    func `IPv6 connections are those of the naive table`(seed: UInt64) throws {
        try compare(IPv6Address.self, seed: seed, persistence: nil)
    }

    @Test(arguments: 12..<24)
    func `so are persistent ones and their templates`(seed: UInt64) throws {
        let persistence = Persistence(timeoutSeconds: 300, prefixLength: seed % 2 == 0 ? 32 : 30)
        try compare(IPv4Address.self, seed: seed, persistence: persistence)
    }

    private func compare<Address: FlowAddress>(
        _ family: Address.Type, seed: UInt64, persistence: Persistence?
    ) throws {
        var pair = try NaivePair<Address>(seed: seed, persistence: persistence)
        for step in 0..<1_500 {
            try pair.act()
            let (left, right) = (pair.listed(), pair.expected())
            try #require(left == right, "step \(step) of seed \(seed)")
            guard step % 50 == 0 else { continue }
            let isSound = pair.isSound()
            try #require(isSound, "step \(step) of seed \(seed)")
        }
    }
}

/// Both tables, and the chance that drives them.
private struct NaivePair<Address: FlowAddress>: ~Copyable {
    var random: SeededGenerator
    var rules = DirectorRules(key: HashKey(k0: 1, k1: 2))
    var table: ConnectionTable<Address>
    var naive: NaiveConnections<Address>
    let persistence: Persistence?
    private let isIPv4: Bool

    init(seed: UInt64, persistence: Persistence?) throws {
        random = SeededGenerator(seed: seed)
        self.persistence = persistence
        let start = random.next() >> UInt64(random.number(1...60))
        isIPv4 = Address(mapped: IPv6Address(high: 1, low: 1)).mapped.isIPv4Mapped
        table = ConnectionTable(key: HashKey(k0: seed, k1: 7), countMax: 4_096)
        naive = NaiveConnections(now: start)
        rules.settings.expireNodestConn = true
        table.expire(now: start, rules: &rules)
        for proto in [IPProtocol.tcp, .udp, .sctp] {
            try rules.add(
                VirtualServerRule(key(proto), scheduler: .roundRobin, persistence: persistence))
            for server in 1...3 { try rules.add(self.server(server), to: key(proto)) }
        }
    }

    private func address(_ low: Int) -> Address {
        isIPv4
            ? Address(mapped: IPv6Address(mapped: IPv4Address(rawValue: 0x0a00_0000 + UInt32(low))))
            : Address(mapped: IPv6Address(high: 0xfd00 << 48, low: UInt64(low)))
    }

    private func key(_ proto: IPProtocol) -> VirtualServerKey {
        .address(address(1).mapped.unmapped, Port(80), proto)
    }

    private func server(_ number: Int) -> RealServerRule {
        RealServerRule(address(1_000 + number).mapped.unmapped, Port(8_080), method: .masquerade)
    }

    mutating func act() throws {
        switch random.number(0...19) {
        case 0...10: packet()
        case 11...13: reply()
        case 14...17:
            let ticks = [1, 70, 300, 5_000, 9_000, 30_000, 100_000][random.number(0...6)]
            let time = naive.now + UInt64(random.number(0...ticks))
            table.expire(now: time, rules: &rules)
            naive.expire(to: time)
        case 18: endOne()
        default: try exchangeServer()
        }
    }

    private mutating func packet() {
        let proto = [IPProtocol.tcp, .udp, .sctp][random.number(0...2)]
        let flow = ClientFlow(
            proto, client: address(100 + random.number(0...7)), Port(UInt16(random.number(0...9))),
            virtual: address(1), Port(80))
        let machine = proto == .tcp ? StateMachine.tcp : .sctp
        let event = machine.events[random.number(0...machine.events.count - 1)]
        let known = table.find(incoming: flow)
        #expect((known == nil) == (naive.find(flow) == nil))
        guard let index = known ?? open(flow), let other = naive.find(flow) ?? newest() else {
            return
        }
        let header = proto == .udp ? [UInt8](repeating: 0, count: 8) : machine.header(event)
        table.advance(index, TransportEvent(proto, bytes: header), .input, rules: &rules)
        naive.advance(other, event, .input)
    }

    private func newest() -> Int? { naive.entries.isEmpty ? nil : naive.entries.count - 1 }

    private mutating func open(_ flow: ClientFlow<Address>) -> ConnectionIndex? {
        guard let service = rules.index(of: key(flow.proto)),
            case .connection(let index) = table.schedule(flow, for: service, rules: &rules)
        else { return nil }
        let server = table.server(of: index)
        var template: Int?
        if let persistence {
            let low = Int(truncatingIfNeeded: flow.client.mapped.low & 0xffff)
            let network = low & -(1 << (32 - persistence.prefixLength))
            template = naive.template(
                ClientFlow(
                    flow.proto, client: address(network), Port(0), virtual: flow.virtual, Port(80)),
                server: server, port: Port(8_080),
                ticks: UInt64(persistence.timeoutSeconds) * 100)
        }
        _ = naive.add(flow, server: server, port: Port(8_080), template: template)
        return index
    }

    private mutating func reply() {
        let candidates = naive.entries.indices.filter {
            !naive.entries[$0].isTemplate && naive.entries[$0].flow.clientPort != Port(0)
        }
        guard !candidates.isEmpty else { return }
        let other = candidates[random.number(0...candidates.count - 1)]
        let entry = naive.entries[other]
        let machine = entry.machine ?? .tcp
        let event = machine.events[random.number(0...machine.events.count - 1)]
        let index = table.find(
            outgoing: entry.flow.proto,
            server: Address(
                mapped: IPv6Address(rules.servers[Int(entry.server.rawValue)].rule.address)),
            entry.serverPort, client: entry.flow.client, entry.flow.clientPort)
        guard let index else {
            Issue.record("no connection for a reply")
            return
        }
        let header =
            entry.machine == nil ? [UInt8](repeating: 0, count: 8) : machine.header(event)
        table.advance(
            index, TransportEvent(entry.flow.proto, bytes: header), .output, rules: &rules)
        naive.advance(other, event, .output)
    }

    private mutating func endOne() {
        guard let entry = naive.entries.last(where: { !$0.isTemplate }),
            let index = table.find(incoming: entry.flow)
        else { return }
        table.expireNow(index)
        naive.entries[naive.find(entry.flow) ?? 0].deadline = naive.now
        table.expire(now: naive.now, rules: &rules)
        naive.expire(to: naive.now)
    }

    /// Deletes a server with all its connections, and puts it back.
    private mutating func exchangeServer() throws {
        let (number, proto) = (random.number(1...3), [IPProtocol.tcp, .udp][random.number(0...1)])
        guard let service = rules.index(of: key(proto)) else { return }
        let rule = server(number)
        guard let place = rules.index(of: rule.address, rule.port, in: service) else { return }
        try rules.delete(rule.address, rule.port, from: key(proto))
        table.expireOfDeletedServers(rules: &rules)
        naive.end(of: place)
        try rules.add(rule, to: key(proto))
    }

    func listed() -> [String] {
        table.entries(rules).map {
            "\($0.proto.rawValue) \($0.client):\($0.clientPort.rawValue) \($0.serverPort.rawValue) "
                + "\($0.server) \($0.stateName) \($0.expiresInTicks)"
        }.sorted()
    }

    func expected() -> [String] {
        naive.entries.map {
            let server = rules.servers[Int($0.server.rawValue)].rule.address
            return "\($0.flow.proto.rawValue) \($0.flow.client.mapped.unmapped):"
                + "\($0.flow.clientPort.rawValue) \($0.serverPort.rawValue) \(server) "
                + "\($0.stateName) \($0.deadline - naive.now)"
        }.sorted()
    }

    func isSound() -> Bool {
        var counts = [ConnectionCounts](repeating: ConnectionCounts(), count: rules.servers.count)
        table.tally(into: &counts)
        var expected = [ConnectionCounts](repeating: ConnectionCounts(), count: counts.count)
        for entry in naive.entries {
            let place = Int(entry.server.rawValue)
            if entry.isTemplate {
                expected[place].persistent += 1
            } else if entry.isActive {
                expected[place].active += 1
            } else {
                expected[place].inactive += 1
            }
        }
        return table.checkInvariants() && counts == expected
    }
}
