// Goal: `twos` draws as its description says, and `mesh` shares flows by weight, alike on every
// director. Method: the exact chances of twos, computed from its definition, beside many draws; and
// two directors whose servers came in different orders.

import Dataplane
import Testing
import Wire

@Suite struct RandomChoiceTests {
    /// Chances when nobody has connections: both draws reach the same servers as often, and the
    /// first one counts. Zero and the sum of weights are both drawn.
    @Test func `the first draw decides between idle servers`() throws {
        var pool = try TestPool(.twoChoices)
        let weights: [Int: Int] = [1: 5, 2: 0, 3: 2, 4: 1]
        for (number, weight) in weights.sorted(by: { $0.key < $1.key }) {
            try pool.add(number, weight: Int32(weight))
        }
        let count = 90_000
        var shares: [Int: Int] = [:]
        for _ in 0..<count { shares[pool.choose() ?? 0, default: 0] += 1 }
        // The newest is first in the list, and the number zero is its own too.
        let expected = [4: 2, 3: 2, 1: 5].mapValues { $0 * count / 9 }
        #expect(Set(shares.keys) == Set(expected.keys))
        for (number, share) in expected {
            #expect(abs((shares[number] ?? 0) - share) < 600, "server \(number)")
        }
    }

    /// With one of two equal servers busy, it is taken only if both draws find it.
    @Test func `the second draw spares a busy server`() throws {
        var pool = try TestPool(.twoChoices)
        try pool.add(1, weight: 1)
        try pool.add(2, weight: 1)
        pool.bind(2)
        var busyCount = 0
        for _ in 0..<9_000 where pool.choose() == 2 { busyCount += 1 }
        // Two of three numbers are of the server at the head: 4/9.
        #expect(abs(busyCount - 4_000) < 200)
    }

    @Test func `equal keys draw alike`() throws {
        var pools = try [TestPool(.twoChoices), TestPool(.twoChoices)]
        for pool in pools.indices {
            for number in 1...9 { try pools[pool].add(number, weight: Int32(number)) }
        }
        for _ in 0..<100 { #expect(pools[0].choose() == pools[1].choose()) }
    }

    @Test func `directors with the same servers choose alike, in whatever order they came`() throws
    {
        var one = try TestPool(.mesh)
        var other = try TestPool(.mesh)
        for number in 1...20 { try one.add(number, weight: Int32(number % 4)) }
        for number in (1...20).reversed() { try other.add(number, weight: 7) }
        for number in 1...20 { try other.edit(number, weight: Int32(number % 4)) }
        var shares: [Int: Int] = [:]
        let count = 30_000
        for client in 0..<UInt32(count) {
            let chosen = one.choose(client: client, port: UInt16(client % 999))
            #expect(chosen == other.choose(client: client, port: UInt16(client % 999)))
            shares[chosen ?? 0, default: 0] += 1
        }
        // Five servers each of weight 0, 1, 2 and 3: thirty parts.
        for number in 1...20 {
            let share = count * (number % 4) / 30
            #expect(abs((shares[number] ?? 0) - share) <= share / 5, "server \(number)")
        }
    }

    @Test func `few flows move when a server is drained, and none are lost at a threshold`() throws
    {
        var pool = try TestPool(.mesh)
        for number in 1...10 { try pool.add(number) }
        let before = (0..<10_000).map { pool.choose(client: $0) }
        try pool.edit(10, weight: 0)
        let after = (0..<10_000).map { pool.choose(client: $0) }
        #expect(!after.contains(10) && !after.contains(nil))
        let movedCount = zip(before, after).count { $0 != $1 && $0 != 10 }
        #expect(movedCount < 300)
        try pool.edit(9, weight: 1, upper: 1)
        pool.bind(9)
        let full = (0..<10_000).map { pool.choose(client: $0) }
        #expect(!full.contains(9) && !full.contains(nil))
        #expect(zip(after, full).allSatisfy { $0 == $1 || $0 == 9 })
    }

    @Test func `another key shares flows another way`() throws {
        var one = try TestPool(.mesh, hashKey: 1)
        var other = try TestPool(.mesh, hashKey: 9)
        for number in 1...10 {
            try one.add(number)
            try other.add(number)
        }
        let sameCount = (0..<1_000).count { one.choose(client: $0) == other.choose(client: $0) }
        #expect(sameCount < 200)
    }
}
