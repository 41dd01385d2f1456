// One thing that is measured, and the trials of it.
//
// A trial is one pass that counts for nothing, so that caches and branch predictors know this work
// again, and then as many passes as fill the trial's time. Trials of all things take turns, so that a
// machine that grows slower does so for all of them. Invariant: every pass does the same work.

import CMachine

/// Something that can be gone through once, its timed parts told to `timing`.
protocol Measured: ~Copyable {
    mutating func pass(_ timing: inout Timing)
}

/// What came of the trials of one thing.
struct Trials {
    private var timing: Timing
    private let nanosecondsWanted: UInt64
    /// In order of the trials.
    private(set) var nanosecondsPerPacket: [Double] = []
    private(set) var allocationCount: UInt64 = 0
    private(set) var times = BatchTimes()
    /// Of one pass.
    private(set) var packetCount: UInt64 = 0
    private(set) var cycles: Double?
    private(set) var instructions: Double?

    init(_ clock: @escaping Clock, overhead: UInt64 = 0, nanosecondsWanted: UInt64) {
        timing = Timing(clock, overhead: overhead)
        self.nanosecondsWanted = nanosecondsWanted
    }

    private static let passCountMax: UInt64 = 100_000

    mutating func run<Work: Measured & ~Copyable>(_ work: inout Work) {
        timing.reset()
        work.pass(&timing)
        packetCount = timing.packetCount
        let passes = nanosecondsWanted / max(timing.nanoseconds, 1)
        let passCount = Int(min(max(passes, 1), Self.passCountMax))
        timing.reset(batchCount: timing.batchCount * passCount)
        for _ in 0..<passCount { work.pass(&timing) }
        if let value = timing.nanosecondsPerPacket { nanosecondsPerPacket.append(value) }
        allocationCount += timing.allocations
        times.add(timing.batches)
    }

    /// Counts cycles and instructions in the timed parts of one pass: the counters run where the
    /// clock would. Only where `weft_counters_open` has succeeded.
    mutating func count<Work: Measured & ~Copyable>(_ work: inout Work) {
        var counting = Timing { weft_counters_toggle() }
        work.pass(&counting)
        let before = (weft_counters_cycles(), weft_counters_instructions())
        counting.reset()
        work.pass(&counting)
        guard counting.packetCount > 0 else { return }
        let packets = Double(counting.packetCount)
        cycles = Double(weft_counters_cycles() &- before.0) / packets
        instructions = Double(weft_counters_instructions() &- before.1) / packets
    }
}
