// What the connection table costs by itself: finding, making and ending connections in a table of so
// many, and what one takes.
//
// Invariant: each operation is timed in batches as large as a batch of frames; connections to be found
// are drawn at random, and all are found.

import Dataplane
import Wire

extension DirectorGrowth {
    /// Nanoseconds for each operation.
    public struct Operations: Codable, Sendable {
        public var connections: Int
        public var bytesPerConnection: Double
        /// Into memory never touched, the table growing as it fills.
        public var firstInsert: Spread
        /// Into places that were in use before.
        public var insert: Spread
        /// One after the other.
        public var find: Spread
        /// With what is needed of the table read ahead, for a batch at a time.
        public var findTogether: Spread
        public var expire: Spread
        /// In the timed parts.
        public var allocations: UInt64
    }

    /// Measures a table of `count` connections.
    public static func operations(
        of count: Int, _ options: BenchOptions, clock: @escaping Clock
    ) throws(BenchError) -> Operations? {
        // What the language's runtime makes at a first call counts for nothing.
        if count > warmingCount { _ = try operations(of: warmingCount, options, clock: clock) }
        var drill: ConnectionDrill
        do throws(RuleError) {
            drill = try ConnectionDrill(key: HashKey(k0: 3, k1: 5), countMax: count)
        } catch {
            throw .rule("\(error)")
        }
        var (finds, finding) = ([Double](), [Double]())
        var (inserts, expiries) = ([Double](), [Double]())
        var allocations: UInt64 = 0
        let first = insert(count, &drill, options, clock)
        let bytesPerConnection = Double(drill.byteCount) / Double(count)
        var random = RandomNumbers(below: count)
        for _ in 0..<max(options.trials, 1) {
            let alone = try find(&drill, &random, options, clock) { $0.find($1) }
            let together = try find(&drill, &random, options, clock) { $0.findTogether($1) }
            finds.append(alone.nanosecondsPerPacket ?? 0)
            finding.append(together.nanosecondsPerPacket ?? 0)
            allocations += alone.allocations + together.allocations
        }
        for _ in 0..<max(min(options.trials, 20_000_000 / count), 1) {
            let expiry = expire(&drill, options, clock)
            expiries.append(expiry.nanosecondsPerPacket ?? 0)
            let insertion = insert(count, &drill, options, clock)
            inserts.append(insertion.nanosecondsPerPacket ?? 0)
            allocations += expiry.allocations + insertion.allocations
        }
        guard drill.count == count, drill.checkInvariants() else {
            throw .nothingToMeasure("a table of \(count) connections holds \(drill.count)")
        }
        guard let firstInsert = Spread([first.nanosecondsPerPacket ?? 0]),
            let insert = Spread(inserts), let find = Spread(finds),
            let findTogether = Spread(finding), let expire = Spread(expiries)
        else { return nil }
        return Operations(
            connections: count, bytesPerConnection: bytesPerConnection, firstInsert: firstInsert,
            insert: insert, find: find, findTogether: findTogether, expire: expire,
            allocations: allocations + first.allocations)
    }

    /// Fills the table.
    private static func insert(
        _ count: Int, _ drill: inout ConnectionDrill, _ options: BenchOptions,
        _ clock: @escaping Clock
    ) -> Timing {
        var timing = Timing(clock, overhead: options.clockOverhead)
        timing.reset()
        for first in stride(from: 0, to: count, by: Limits.batchFrameCount) {
            let numbers = first..<min(first + Limits.batchFrameCount, count)
            let start = timing.begin()
            drill.insert(numbers, ticks: waitTicks, share: share(of: count))
            timing.end(start, count: numbers.count)
        }
        return timing
    }

    /// Lets all of its connections end, some each tick.
    private static func expire(
        _ drill: inout ConnectionDrill, _ options: BenchOptions, _ clock: @escaping Clock
    ) -> Timing {
        var timing = Timing(clock, overhead: options.clockOverhead)
        timing.reset()
        _ = drill.wait(waitTicks - 1)
        while drill.count > 0 {
            let start = timing.begin()
            let count = drill.wait(1)
            timing.end(start, count: count)
        }
        return timing
    }

    private static func find(
        _ drill: inout ConnectionDrill, _ random: inout RandomNumbers, _ options: BenchOptions,
        _ clock: @escaping Clock, _ body: (inout ConnectionDrill, Span<Int>) -> Int
    ) throws(BenchError) -> Timing {
        var timing = Timing(clock, overhead: options.clockOverhead)
        timing.reset()
        var numbers = [Int](repeating: 0, count: Limits.batchFrameCount)
        repeat {
            for index in numbers.indices { numbers[index] = random.next() }
            let start = timing.begin()
            let found = body(&drill, numbers.span)
            timing.end(start, count: numbers.count)
            guard found == numbers.count else {
                throw .nothingToMeasure("a connection that was made is not found")
            }
        } while timing.nanoseconds < options.trialNanoseconds / 4
        return timing
    }

    private static var warmingCount: Int { 1_000 }

    /// Until the first connection ends.
    private static var waitTicks: Int { 100 }

    /// As many end in one tick as a busy director sees.
    private static func share(of count: Int) -> Int { max(min(count / 100, 10_000), 1) }
}

/// A linear congruential generator (Knuth's MMIX); the high bits are good.
struct RandomNumbers {
    private var state: UInt64 = 1
    private let bound: UInt64

    init(below bound: Int) { self.bound = UInt64(bound) }

    mutating func next() -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(((state >> 32) * bound) >> 32)
    }
}
