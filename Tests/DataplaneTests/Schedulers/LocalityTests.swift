// Goal: lblc and lblcr remember addresses as long as the kernel does, and no more than so many.
// Method: a dictionary of addresses that is looked through each half hour, on random requests and
// pauses; and more addresses than there is room for.

import Dataplane
import Testing
import Wire

@Suite struct LocalityTests {
    /// Hundredths of a second in a minute.
    private static let minute: UInt64 = 6_000

    /// One address's servers, the latest first; lblc has one.
    private struct Memory {
        var servers: [Int]
        var lastUse: UInt64
        var lastChange: UInt64
    }

    private struct Model {
        var memories: [UInt32: Memory] = [:]
        /// Half hours that have begun: checks are made at each minute, every thirtieth is a full one.
        var checkedUntil: UInt64 = 0
        let expiration: UInt64

        mutating func pass(to now: UInt64) {
            while checkedUntil + 30 * minute <= now {
                checkedUntil += 30 * minute
                memories = memories.filter { $0.value.lastUse + expiration > checkedUntil }
            }
        }
    }

    private func load(_ server: RealServer) -> Int {
        Int(server.activeCount) * 256 + Int(server.inactiveCount)
    }

    /// Of usable servers the one with the least load for its weight, the first of equals.
    private func least(_ numbers: [Int], _ pool: TestPool) -> Int? {
        var best: Int?
        for number in numbers {
            guard let server = pool.server(number), server.rule.weight > 0, !server.isOverloaded
            else { continue }
            if let other = best.flatMap({ pool.server($0) }),
                load(other) * Int(server.rule.weight) <= load(server) * Int(other.rule.weight)
            {
                continue
            }
            best = number
        }
        return best
    }

    private func isCrowded(_ number: Int, _ pool: TestPool) -> Bool {
        guard let server = pool.server(number), server.activeCount > server.rule.weight else {
            return false
        }
        return pool.order.contains { other in
            pool.server(other).map { $0.activeCount * 2 < $0.rule.weight } ?? false
        }
    }

    private func chooseOne(
        _ model: inout Model, _ pool: TestPool, _ address: UInt32, _ now: UInt64
    ) -> Int? {
        model.memories[address]?.lastUse = now
        if let known = model.memories[address]?.servers[0], let server = pool.server(known),
            server.rule.weight > 0, !isCrowded(known, pool)
        {
            return known
        }
        guard let server = least(pool.order, pool) else { return nil }
        model.memories[address] = Memory(servers: [server], lastUse: now, lastChange: now)
        return server
    }

    private func chooseFromSet(
        _ model: inout Model, _ pool: TestPool, _ address: UInt32, _ now: UInt64
    ) -> Int? {
        if var memory = model.memories[address] {
            memory.lastUse = now
            let known = least(memory.servers, pool)
            if memory.servers.count > 1, now > memory.lastChange + model.expiration {
                // Weights are positive here and no server is ever deleted: the set has a maximum.
                let most = memory.servers.reduce(memory.servers[0]) { most, number in
                    guard let a = pool.server(most), let b = pool.server(number) else {
                        return most
                    }
                    return load(a) * Int(b.rule.weight) < load(b) * Int(a.rule.weight)
                        ? number : most
                }
                memory.servers.removeAll { $0 == most }
                memory.lastChange = now
            }
            model.memories[address] = memory
            if let known, !isCrowded(known, pool) { return known }
        }
        guard let server = least(pool.order, pool) else { return nil }
        var memory =
            model.memories[address] ?? Memory(servers: [], lastUse: now, lastChange: now)
        if !memory.servers.contains(server) {
            memory.servers.insert(server, at: 0)
            memory.lastChange = now
        }
        model.memories[address] = memory
        return server
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `addresses are remembered for a while`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let isSet = seed % 2 == 0
        var pool = try TestPool(
            isSet ? .localityLeastConnectionReplicated : .localityLeastConnection)
        let expiration = [UInt32(60), 600, 4_000][generator.number(0...2)]
        pool.rules.settings.lblcExpiration = expiration
        pool.rules.settings.lblcrExpiration = expiration
        for number in 1...6 { try pool.add(number, weight: Int32(generator.number(1...9))) }
        var model = Model(expiration: UInt64(expiration) * 100)
        var now: UInt64 = 0
        var bound: [Int] = []
        for _ in 0..<4_000 {
            switch generator.number(0...40) {
            case 0: now += UInt64(generator.number(0...100)) * Self.minute
            case 1..<8: now += UInt64(generator.number(0...8_000))
            default: now += UInt64(generator.number(0...300))
            }
            model.pass(to: now)
            let address = UInt32(generator.number(1...40))
            let expected =
                isSet
                ? chooseFromSet(&model, pool, address, now) : chooseOne(&model, pool, address, now)
            let chosen = pool.choose(destination: address, now: now)
            #expect(chosen == expected)
            guard let chosen, chosen == expected else { return }
            pool.bind(chosen)
            bound.append(chosen)
            while bound.count > generator.number(0...60) {
                pool.unbind(bound.remove(at: generator.number(0...(bound.count - 1))))
            }
        }
        #expect(pool.rules.checkInvariants())
    }

    /// The half hour's check comes 180,000 ticks after the service.
    @Test func `an address leaves when its time is just over`() throws {
        var pool = try TestPool(.localityLeastConnection)
        pool.rules.settings.lblcExpiration = 1_800
        for number in 1...2 { try pool.add(number, weight: 9) }
        #expect(pool.choose(destination: 1, now: 0) == 2)
        #expect(pool.choose(destination: 2, now: 1) == 2)
        pool.bind(2)
        #expect(pool.choose(destination: 2, now: 179_999) == 2)
        #expect(pool.choose(destination: 1, now: 180_000) == 1)
        #expect(pool.choose(destination: 2, now: 180_000) == 2)
    }

    @Test(arguments: [(1_000, 1), (1_001, 2)] as [(UInt64, Int)])
    func `a set is cut down when its time is over, and not before`(now: UInt64, other: Int) throws {
        var pool = try TestPool(.localityLeastConnectionReplicated)
        pool.rules.settings.lblcrExpiration = 10
        for number in 1...2 { try pool.add(number, weight: 4) }
        #expect(pool.choose(destination: 1, now: 0) == 2)
        for _ in 0..<5 { pool.bind(2) }
        // The second is crowded and the first idle, which joins.
        #expect(pool.choose(destination: 1, now: 0) == 1)
        for _ in 0..<7 { pool.bind(1) }
        // Now the first has the most; it goes if it is time, and is not asked again when it is idle.
        #expect(pool.choose(destination: 1, now: now) == 2)
        for _ in 0..<6 { pool.unbind(1) }
        for _ in 0..<1 { pool.unbind(2) }
        #expect(pool.choose(destination: 1, now: now) == other)
    }

    /// Beyond 24,576 addresses none is remembered; the scheduler answers all the same.
    @Test(arguments: [Scheduler.localityLeastConnection, .localityLeastConnectionReplicated])
    func `what is remembered is bounded`(scheduler: Scheduler) throws {
        var pool = try TestPool(scheduler)
        for number in 1...3 { try pool.add(number) }
        for address in 0..<40_000 as Range<UInt32> {
            #expect(pool.choose(destination: address, now: UInt64(address)) != nil)
        }
        #expect(pool.rules.checkInvariants())
        // Ten minutes later those over the wanted number go, and new ones find room.
        for address in 40_000..<40_100 as Range<UInt32> {
            #expect(pool.choose(destination: address, now: 100_000) != nil)
        }
        #expect(pool.rules.checkInvariants())
    }
}
