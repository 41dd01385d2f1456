// Goal: wrr takes its turns as the kernel does, without walking through passes that find nothing.
// Method: the passes written out one after the other, on random weights, changes and overloads; and
// weights so far apart that to walk would take minutes.

import Dataplane
import Testing
import Wire

@Suite struct WeightedRoundRobinTests {
    /// Every pass is walked (kernel documentation of wrr, ip_vs_wrr.c's opening comment).
    private struct Walk {
        var last: Int?
        var current = 0
        var greatest = 0
        var divisor = 1

        mutating func change(_ weights: [Int]) {
            last = nil
            divisor = weights.filter { $0 > 0 }.reduce(0, gcd)
            if divisor == 0 { divisor = 1 }
            greatest = (weights.max() ?? 0) - (divisor - 1)
            if current > greatest || current == 0 {
                current = greatest
            } else if divisor > 1 {
                current = current / divisor * divisor + 1
            }
        }

        /// `isOpen` tells which servers are not overloaded.
        mutating func choose(_ weights: [Int], _ isOpen: [Bool]) -> Int? {
            if greatest == 0 { return nil }
            let start = last
            var place = start.map { $0 + 1 } ?? 0
            var end: Int?
            var wasLastPass = false
            var isRestarted = false
            while true {
                while place < weights.count {
                    last = place
                    if isOpen[place], weights[place] >= current { return place }
                    if place == end { return nil }
                    place += 1
                }
                last = nil
                place = 0
                current -= divisor
                if current <= 0 {
                    current = greatest
                    if wasLastPass || start == nil { return nil }
                    isRestarted = true
                }
                wasLastPass = current <= divisor
                if wasLastPass, isRestarted { end = start }
            }
        }

        private func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? a : gcd(b, a % b) }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `turns are those of walking through every pass`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var pool = try TestPool(.weightedRoundRobin)
        var walk = Walk()
        let step = [1, 2, 3, 10][generator.number(0...3)]
        func weight() -> Int32 { Int32(generator.number(0...6) * step) }
        var refusedCount = 0
        for _ in 0..<1_500 {
            let number = generator.number(1...6)
            switch generator.number(0...19) {
            case 0 where pool.index(number) == nil: try pool.add(number, weight: weight())
            case 1 where pool.index(number) != nil: try pool.delete(number)
            case 2 where pool.index(number) != nil: try pool.edit(number, weight: weight())
            case 3 where pool.index(number) != nil:
                // Overloaded from the next connection on; the weight stays.
                try pool.edit(number, weight: pool.server(number)?.rule.weight ?? 0, upper: 1)
                pool.bind(number)
            default:
                let order = pool.order
                let servers = order.compactMap { pool.server($0) }
                let expected = walk.choose(
                    servers.map { Int($0.rule.weight) }, servers.map { !$0.isOverloaded })
                #expect(pool.choose() == expected.map { order[$0] })
                if expected == nil { refusedCount += 1 }
                continue
            }
            walk.change(pool.order.map { Int(pool.server($0)?.rule.weight ?? 0) })
        }
        #expect(refusedCount > 0)
    }

    @Test func `a billion passes that find nothing take no time`() throws {
        var pool = try TestPool(.weightedRoundRobin)
        try pool.add(1, weight: 1)
        try pool.add(2, weight: .max, upper: 1)
        pool.bind(2)
        for _ in 0..<10 { #expect(pool.choose() == 1) }
    }
}
