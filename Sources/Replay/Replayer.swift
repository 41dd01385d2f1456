// A trace through a mesh: reads packets, puts them in front of nodes, runs the nodes, and keeps what
// there is to tell.
//
// Time is the trace's. Invariant: packets read = packets put into the mesh + packets passed over, by
// reason; and a batch never spans more trace time than `batchSpanNanoseconds`, so timeouts inside
// the data plane are right to that.

import Capture
import Dataplane
import Mesh
import Wire

public struct Replayer: ~Copyable {
    /// Trace time that one batch may span: well below every timeout.
    public static let batchSpanNanoseconds: UInt64 = 10_000_000

    public let cluster: Cluster
    public private(set) var runner: MeshRunner
    public private(set) var tally = TraceTally()
    /// What was cut off the end of the trace, if anything.
    public private(set) var truncation: CaptureTruncation?
    /// By task: flows opened in the first pass. Those after it bring the same flows again, which say
    /// nothing new about how evenly flows fall.
    public private(set) var firstPassFlowCounts: [UInt64]
    private var aimer: TraceAimer
    /// The packet at hand.
    private var aimed = AimedPacket()
    private let options: ReplayOptions
    private var order = OrderGuard()
    private var budget: BatchBudget
    private var batchStart: UInt64 = 0
    private var batchEnd: UInt64 = 0
    /// Added to time stamps, so that a second pass follows the first.
    private var timeShift: UInt64 = 0
    private var passes: TracePasses

    /// Prepares a replay; reads nothing yet. `usesShortWay` as for `MeshRunner`.
    public init(
        _ cluster: Cluster, _ options: ReplayOptions, usesShortWay: Bool = true
    ) throws(ReplayError) {
        self.cluster = cluster
        self.options = options
        passes = TracePasses(
            loopCount: options.loopCount, packetLimit: options.packetLimit)
        budget = BatchBudget(cluster)
        let runner = MeshRunner(
            cluster, flowCountMax: options.flowCountMax, usesShortWay: usesShortWay)
        var rules: [RemapRule] = []
        for text in options.remaps { rules.append(try RemapRule(text, cluster)) }
        let programs = (0..<runner.nodeCount).map { runner.program(NodeIndex($0)) }
        aimer = TraceAimer(
            cluster, programs: programs, policy: options.policy, rules: rules,
            filter: try FrameFilter(options.filter))
        firstPassFlowCounts = runner.flowCountsByTask
        self.runner = runner
    }

    /// Replays the file at `path`, `-` for standard input, as often as asked. `progress` is told the
    /// number of packets read now and then, and says whether to go on: if not, the passes end there.
    public mutating func replay<Observer: FrameObserver & ~Copyable>(
        path: String, observer: inout Observer, clock: () -> UInt64,
        progress: (UInt64) -> Bool = { _ in true }
    ) throws(CaptureError) {
        try replay(
            from: CaptureReader(path: path), observer: &observer, clock: clock, progress: progress)
    }

    /// Replays a file that is open already, and opens it again for each further pass.
    public mutating func replay<Observer: FrameObserver & ~Copyable>(
        from first: consuming CaptureReader, observer: inout Observer, clock: () -> UInt64,
        progress: (UInt64) -> Bool = { _ in true }
    ) throws(CaptureError) {
        var reader = first
        passes.begin()
        // What was read before an error is decided too.
        defer { settle(&observer, clock) }
        while passes.hasNext(after: tally) {
            if passes.count > 0 { reader = try CaptureReader(path: reader.path) }
            timeShift = tally.timeShift(ofPass: passes.count)
            try replay(&reader, &observer, clock, progress)
            truncation = reader.truncation
            settle(&observer, clock)
            passes.end()
        }
    }

    /// Decides what was read in a pass.
    private mutating func settle<Observer: FrameObserver & ~Copyable>(
        _ observer: inout Observer, _ clock: () -> UInt64
    ) {
        flush(&observer, clock)
        if passes.count == 0 { firstPassFlowCounts = runner.flowCountsByTask }
    }

    /// By rule of `ReplayOptions.remaps`: packets that it matched, and left as they were because its
    /// service does not publish the port for their protocol.
    public var unpublishedCounts: [UInt64] { aimer.unpublishedCounts }

    /// Takes records by the batch, for that costs a third of asking for each.
    private mutating func replay<Observer: FrameObserver & ~Copyable>(
        _ reader: inout CaptureReader, _ observer: inout Observer, _ clock: () -> UInt64,
        _ progress: (UInt64) -> Bool
    ) throws(CaptureError) {
        var records = [PacketRecord](
            repeating: PacketRecord(), count: CaptureLimits.batchRecordCount)
        while !passes.isOver(tally), case let count = try reader.next(&records), count > 0 {
            for index in 0..<count {
                take(records[index], reader.bytes(of: records[index]), &observer, clock)
                passes.show(tally.packetCount, progress)
                if passes.isOver(tally) { return }
            }
        }
    }

    /// Puts a packet before its node, a batch run first where there is no room for it.
    private mutating func take<Observer: FrameObserver & ~Copyable>(
        _ record: PacketRecord, _ bytes: RawSpan, _ observer: inout Observer,
        _ clock: () -> UInt64
    ) {
        let time = record.timestampNanoseconds &+ timeShift
        if runner.isFull || time > batchStart &+ Self.batchSpanNanoseconds
            || !budget.admits(
                record.capturedByteCount, freeByteCount: runner.arena.freeByteCount)
        {
            flush(&observer, clock)
            runner.reclaim()
        }
        if runner.pendingCount == 0 { batchStart = time }
        batchEnd = max(batchEnd, time)
        tally.count(record, at: time)
        put(bytes, record, time, &observer, clock)
    }

    @inline(__always)
    private mutating func put<Observer: FrameObserver & ~Copyable>(
        _ bytes: RawSpan, _ record: PacketRecord, _ time: UInt64, _ observer: inout Observer,
        _ clock: () -> UInt64
    ) {
        let skip = aimer.place(
            bytes, originalByteCount: record.originalByteCount, record.linkType,
            id: tally.packetCount, timestamp: time, &runner.arena, &aimed)
        if let skip { tally[skip] &+= 1 } else { admit(&observer, clock) }
        if aimed.sight.isFragment { putWaiting(&observer, clock) }
    }

    /// Puts the fragments that waited for the packet at hand after it. They were counted as passed over.
    @inline(never)
    private mutating func putWaiting<Observer: FrameObserver & ~Copyable>(
        _ observer: inout Observer, _ clock: () -> UInt64
    ) {
        while let byteCount = aimer.waitingByteCount {
            if runner.isFull
                || !budget.admits(byteCount, freeByteCount: runner.arena.freeByteCount)
            {
                flush(&observer, clock)
                runner.reclaim()
                batchStart = batchEnd
            }
            tally[.laterFragment] &-= 1
            let skip = aimer.placeWaiting(&runner.arena, &aimed)
            if let skip { tally[skip] &+= 1 } else { admit(&observer, clock) }
        }
    }

    /// Puts the packet at hand before its node, in its wave.
    @inline(__always)
    private mutating func admit<Observer: FrameObserver & ~Copyable>(
        _ observer: inout Observer, _ clock: () -> UInt64
    ) {
        var wave = order.admit(&aimed)
        if wave == nil {
            flush(&observer, clock)
            wave = order.admit(&aimed)
        }
        budget.add(aimed.frame.byteCount)
        runner.put(aimed.frame, at: aimed.node, inWave: wave ?? 0)
    }

    private mutating func flush<Observer: FrameObserver & ~Copyable>(
        _ observer: inout Observer, _ clock: () -> UInt64
    ) {
        guard runner.pendingCount > 0 else { return }
        runner.run(now: batchEnd, observer: &observer, clock: clock)
        order.reset()
        budget.reset()
    }
}
