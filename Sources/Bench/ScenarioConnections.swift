// A connection table of so many connections, by itself, and batches of one operation on it: what the
// layer benchmarks call, which see no more of the package than they may.
//
// A class because tables cannot be copied. Invariant: every call does as much as a batch of frames is
// long, and leaves the table as full as it was.

import Dataplane
import Wire

public final class ScenarioConnections {
    private var drill: ConnectionDrill
    private var random: RandomNumbers
    private var numbers: [Int]
    private let count: Int
    /// The hour before the first connection ends has passed.
    private var isFirstDue = false

    /// A full table. Its connections end in an hour or later, a batch in each hundredth of a second.
    public init(count: Int) throws(BenchError) {
        self.count = count
        random = RandomNumbers(below: count)
        numbers = [Int](repeating: 0, count: Limits.batchFrameCount)
        do throws(RuleError) {
            drill = try ConnectionDrill(key: HashKey(k0: 3, k1: 5), countMax: count)
        } catch {
            throw .rule("\(error)")
        }
        drill.insert(0..<count, ticks: Self.hour, share: Limits.batchFrameCount)
    }

    /// In hundredths of a second.
    private static var hour: Int { 360_000 }

    /// Draws connections at random.
    public func draw() {
        for index in numbers.indices { numbers[index] = random.next() }
    }

    /// Finds those that were drawn, one after the other; how many are there.
    public func find() -> Int {
        let numbers = numbers
        return drill.find(numbers.span)
    }

    /// The same, with memory read ahead.
    public func findTogether() -> Int {
        let numbers = numbers
        return drill.findTogether(numbers.span)
    }

    /// Lets time pass until about a batch of connections has ended; how many have.
    public func expire() -> Int {
        var ended = isFirstDue ? 0 : drill.wait(Self.hour - 1)
        isFirstDue = true
        while ended == 0, drill.count > 0 { ended = drill.wait(1) }
        return ended
    }

    /// Makes as many again, others than are there.
    public func insert(_ endedCount: Int) {
        let first = next
        next += endedCount
        drill.insert(first..<next, ticks: count / Limits.batchFrameCount, share: .max)
    }

    /// The number of the next connection to be made.
    private lazy var next = count
}
