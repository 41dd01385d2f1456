// Goal: tables share slots as the weights say, depend on nothing but the set of backends, and change
// little when it changes. Method: counting slots, and the paper's pseudocode (NSDI 2016, figure 5)
// written out again, with whole permutations and a table of -1.

import Dataplane
import Testing
import Wire

@Suite struct MaglevTests {
    private func backends(_ count: Int, seed: UInt64) -> [MaglevBackend] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in MaglevBackend(identity: generator.next()) }
    }

    private func shares(_ table: [UInt16], _ count: Int) -> [Int] {
        table.reduce(into: [Int](repeating: 0, count: count)) { $0[Int($1)] += 1 }
    }

    /// Figure 5: populate. Identities in ascending order take their turns.
    private func naiveTable(_ backends: [MaglevBackend], size: Int) -> [UInt16] {
        let order = backends.indices.sorted { backends[$0].identity < backends[$1].identity }
        func hash(_ identity: UInt64, _ key: UInt64) -> UInt64 {
            var hash = SipHash(HashKey(k0: key, k1: key))
            hash.absorb(identity)
            return hash.finish(tail: 0, byteCount: 8)
        }
        let permutations = order.map { index in
            let offset = Int(hash(backends[index].identity, 1) % UInt64(size))
            let skip = Int(hash(backends[index].identity, 2) % UInt64(size - 1)) + 1
            return (0..<size).map { (offset + $0 * skip) % size }
        }
        var next = [Int](repeating: 0, count: order.count)
        var entry = [Int](repeating: -1, count: size)
        var filled = 0
        while true {
            for i in order.indices {
                var c = permutations[i][next[i]]
                while entry[c] >= 0 {
                    next[i] += 1
                    c = permutations[i][next[i]]
                }
                entry[c] = order[i]
                next[i] += 1
                filled += 1
                if filled == size { return entry.map { UInt16($0) } }
            }
        }
    }

    @Test(arguments: [(1, 251), (2, 251), (3, 1_021), (10, 1_021), (40, 4_093), (300, 2_039)])
    func `equal weights give the paper's table`(_ count: Int, size: Int) {
        let backends = backends(count, seed: UInt64(count))
        #expect(Maglev.table(backends, size: size) == naiveTable(backends, size: size))
    }

    @Test func `equal weights share to the slot`() {
        for count in [1, 2, 3, 7, 50, 250] {
            let size = Maglev.size(backendCount: count)
            let shares = shares(Maglev.table(backends(count, seed: 5), size: size), count)
            #expect(shares.allSatisfy { $0 == size / count || $0 == size / count + 1 })
            let mean = Double(size) / Double(count)
            #expect(shares.allSatisfy { abs(Double($0) - mean) <= mean / 100 + 1e-9 })
        }
    }

    @Test func `weights are honoured, zero takes nothing`() {
        var generator = SeededGenerator(seed: 6)
        for count in 2...30 {
            let weighted = backends(count, seed: UInt64(count)).map {
                MaglevBackend(identity: $0.identity, weight: UInt32(generator.number(0...20)))
            }
            let total = weighted.reduce(0) { $0 + Int($1.weight) }
            guard total > 0 else { continue }
            let size = 65_537
            let shares = shares(Maglev.table(weighted, size: size), count)
            for (backend, share) in zip(weighted, shares) {
                let exact = Double(size) * Double(backend.weight) / Double(total)
                #expect(abs(Double(share) - exact) <= 2, "weight \(backend.weight) of \(total)")
                #expect(backend.weight > 0 || share == 0)
            }
        }
        #expect(Maglev.table([MaglevBackend(identity: 1, weight: 0)], size: 251).isEmpty)
        #expect(Maglev.table([], size: 251).isEmpty)
    }

    @Test func `the order of the backends does not matter`() {
        var generator = SeededGenerator(seed: 7)
        var backends = backends(25, seed: 7).enumerated().map {
            MaglevBackend(identity: $1.identity, weight: UInt32($0 % 4 + 1))
        }
        func identities() -> [UInt64] {
            Maglev.table(backends, size: 4_093).map { backends[Int($0)].identity }
        }
        let first = identities()
        for _ in 0..<5 {
            backends.shuffle(using: &generator)
            #expect(identities() == first)
        }
    }

    /// Slots that lost their backend, and slots that moved though theirs stayed.
    private func removal(
        of removed: Int, from all: [MaglevBackend], size: Int
    ) -> (own: Int, collateral: Int) {
        let before = Maglev.table(all, size: size).map { all[Int($0)].identity }
        let rest = all.enumerated().filter { $0.offset != removed }.map(\.element)
        let after = Maglev.table(rest, size: size).map { rest[Int($0)].identity }
        let gone = all[removed].identity
        return (
            before.count { $0 == gone }, zip(before, after).count { $0 != gone && $0 != $1 }
        )
    }

    // Twice the backends is what `Service.replicaCountMax` declares when nobody says otherwise. The
    // bound holds on average: a pair of backends whose skips are akin can disturb more.
    @Test(arguments: [2, 5, 8, 10, 20, 40])
    func `removing a backend moves its own share and little else`(_ count: Int) {
        let size = Maglev.size(backendCount: max(8, 2 * count))
        var (own, collateral, removalCount) = (0, 0, 0)
        for seed in UInt64(0)..<10 {
            let all = backends(count, seed: 100 + seed)
            for removed in 0..<min(count, 4) {
                let moved = removal(of: removed, from: all, size: size)
                own += moved.own
                collateral += moved.collateral
                removalCount += 1
            }
        }
        let share = Double(own) / Double(size * removalCount)
        let more = Double(collateral) / Double(size * removalCount)
        print("maglev: of \(size) slots for \(count), one removed: \(share) lost it, \(more) moved")
        #expect(abs(share - 1 / Double(count)) < 0.01)
        #expect(
            share + more <= 1 / Double(count) + 0.02,
            "\(share) of the slots lost their backend, \(more) moved though theirs stayed")
    }

    @Test func `the size follows the backends up a ladder of primes`() {
        for size in Maglev.sizes {
            let isPrime = (2...Int(Double(size).squareRoot())).allSatisfy { size % $0 != 0 }
            #expect(isPrime, "\(size)")
        }
        #expect(Maglev.size(backendCount: 0) == 251 && Maglev.size(backendCount: 1) == 251)
        #expect(Maglev.size(backendCount: 3) == 1_021 && Maglev.size(backendCount: 40) == 16_381)
        #expect(Maglev.size(backendCount: 65_535) == 16_777_213)
    }
}
