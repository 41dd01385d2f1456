// A virtual server with some real servers, for tests that only ask its scheduler: servers are known by
// their number, which is the last byte of their address.

import Dataplane
import Wire

struct TestPool {
    static let key = VirtualServerKey.mark(1, isIPv4: true)

    var rules: DirectorRules

    init(_ scheduler: Scheduler, flags: SchedulerFlags = [], hashKey: UInt64 = 1) throws {
        rules = DirectorRules(key: HashKey(k0: hashKey, k1: 2))
        try rules.add(VirtualServerRule(Self.key, scheduler: scheduler, flags: flags))
    }

    /// In the order of the list: the newest first.
    var order: [Int] { rules.virtualServers[0].order.map(number) }

    func server(_ number: Int) -> RealServer? {
        index(number).map { rules.servers[Int($0.rawValue)] }
    }

    func index(_ number: Int) -> RealServerIndex? {
        rules.index(of: Self.address(number), Port(0), in: VirtualServerIndex(0))
    }

    mutating func add(_ number: Int, weight: Int32 = 1, upper: UInt32 = 0) throws {
        try rules.add(Self.rule(number, weight, upper), to: Self.key)
    }

    mutating func edit(_ number: Int, weight: Int32, upper: UInt32 = 0) throws {
        try rules.edit(Self.rule(number, weight, upper), of: Self.key)
    }

    mutating func delete(_ number: Int) throws {
        try rules.delete(Self.address(number), Port(0), from: Self.key)
    }

    /// The server that is chosen for a client and a destination.
    mutating func choose(
        client: UInt32 = 1, port: UInt16 = 1, destination: UInt32 = 1, now: UInt64 = 0
    ) -> Int? {
        let request = SchedulingRequest(
            client: IPv6Address(mapped: IPv4Address(rawValue: 0x0a01_0000 &+ client)),
            clientPort: Port(port),
            destination: IPv6Address(mapped: IPv4Address(rawValue: 0x0a00_0000 &+ destination)),
            destinationPort: Port(80), proto: .tcp, now: now)
        return rules.schedule(VirtualServerIndex(0), request).map(number)
    }

    mutating func bind(_ number: Int, isActive: Bool = true) {
        guard let index = index(number) else { return }
        rules.bind(index, isTemplate: false, isActive: isActive)
    }

    mutating func unbind(_ number: Int, isActive: Bool = true) {
        guard let index = index(number) else { return }
        rules.unbind(index, isTemplate: false, isActive: isActive)
    }

    private func number(_ index: RealServerIndex) -> Int {
        Int(IPv6Address(rules.servers[Int(index.rawValue)].rule.address).low & 0xffff)
    }

    private static func address(_ number: Int) -> IPAddress {
        .v4(IPv4Address(rawValue: 0x0a02_0000 | UInt32(number)))
    }

    private static func rule(_ number: Int, _ weight: Int32, _ upper: UInt32) -> RealServerRule {
        RealServerRule(address(number), Port(0), weight: weight, upperThreshold: upper)
    }
}
