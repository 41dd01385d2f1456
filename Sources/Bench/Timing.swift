// The clock around the timed part of a pass, and what it has seen: nanoseconds, packets, one time for
// each batch, and allocations.
//
// Invariant: between `begin` and `end` nothing of the measuring itself runs but two readings of the
// clock, and room for every batch's time is set aside before.

import CAllocationCounter
import Histogram

/// Nanoseconds of a monotonic clock.
public typealias Clock = @Sendable () -> UInt64

struct Timing {
    private let clock: Clock
    /// What a reading of the clock adds to what is timed with it; taken off.
    private let overhead: UInt64
    private(set) var nanoseconds: UInt64 = 0
    private(set) var packetCount: UInt64 = 0
    private(set) var allocationCount: UInt64 = 0
    /// In order; what exceeds `room` is timed and not kept.
    private(set) var batches: [UInt32] = []
    private(set) var batchCount = 0
    private var room = 0

    init(_ clock: @escaping Clock, overhead: UInt64 = 0) {
        self.clock = clock
        self.overhead = overhead
    }

    @inline(__always)
    func begin() -> UInt64 {
        weft_allocations_watch(1)
        return clock()
    }

    /// Ends a batch of `count` packets that began at `start`.
    @inline(__always)
    mutating func end(_ start: UInt64, count: Int) {
        let elapsed = clock() &- start
        weft_allocations_watch(0)
        let spent = elapsed > overhead ? elapsed &- overhead : 0
        nanoseconds &+= spent
        packetCount &+= UInt64(count)
        batchCount += 1
        if batches.count < room { batches.append(UInt32(clamping: spent)) }
    }

    /// Forgets everything, and sets room aside for the times of `batchCount` batches.
    mutating func reset(batchCount: Int = 0) {
        (nanoseconds, packetCount) = (0, 0)
        batches.removeAll(keepingCapacity: true)
        batches.reserveCapacity(batchCount)
        room = batchCount
        self.batchCount = 0
        allocationCount = weft_allocations_count()
    }

    /// Allocations in timed parts since `reset`.
    var allocations: UInt64 { weft_allocations_count() &- allocationCount }

    /// Nanoseconds for each packet; nil when there was none.
    var nanosecondsPerPacket: Double? {
        packetCount == 0 ? nil : Double(nanoseconds) / Double(packetCount)
    }
}

/// How long batches took, as a high dynamic range histogram tells it: three significant digits.
struct BatchTimes {
    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000_000,
        numberOfSignificantValueDigits: .three)

    mutating func add(_ nanoseconds: [UInt32]) {
        for value in nanoseconds { histogram.record(UInt64(value)) }
    }

    /// Nil when nothing was recorded.
    var percentiles: Percentiles? {
        guard histogram.totalCount > 0 else { return nil }
        return Percentiles(
            batches: histogram.totalCount, p50: histogram.valueAtPercentile(50),
            p90: histogram.valueAtPercentile(90), p99: histogram.valueAtPercentile(99),
            p999: histogram.valueAtPercentile(99.9), max: histogram.max)
    }
}

/// Nanoseconds that one batch took.
public struct Percentiles: Codable, Equatable, Sendable {
    public var batches: UInt64
    public var p50: UInt64
    public var p90: UInt64
    public var p99: UInt64
    public var p999: UInt64
    public var max: UInt64
}
