// A benchmark from a trace and a cluster to its report.
//
// First a replay is recorded, which says which frames reach which node; then everything is measured in
// turns, a trial of each at a time, the floor among them. Invariant: what is measured is counted: each
// node's ledger balances at the end, and the report says how many packets each figure is of.

import CMachine
import Capture
import Dataplane
import Foundation
import Mesh
import Replay
import Wire

public struct BenchOptions: Sendable {
    public var trials = 10
    /// Timed nanoseconds of a trial at least; a pass over the trace is the least there is.
    public var trialNanoseconds: UInt64 = 100_000_000
    /// More than one measures how the mesh scales.
    public var workers = 1
    /// The clock given is the thread's processor time: reports say so.
    public var isProcessorTime = false
    /// What a reading of the clock adds to what is timed with it, in nanoseconds: it is taken off.
    public var clockOverhead: UInt64 = 0

    public init() {}

    /// What reports call the clock.
    public var clockName: String { isProcessorTime ? "processor time" : "time" }
}

public struct Benchmark {
    private let cluster: Cluster
    private let path: String
    private let options: BenchOptions
    private let clock: Clock
    private let recording: Recording
    private let tally: TraceTally
    private let sha256: String

    /// Replays the trace once, to know what reaches which node.
    public init(
        _ cluster: Cluster, path: String, _ options: BenchOptions, clock: @escaping Clock
    ) throws(BenchError) {
        self.cluster = cluster
        self.path = path
        self.options = options
        self.clock = clock
        (recording, tally) = try Self.record(cluster, path, clock)
        sha256 = Self.digest(path)
        guard !recording.fed.isEmpty else { throw .nothingToMeasure(path) }
    }

    private static func record(
        _ cluster: Cluster, _ path: String, _ clock: Clock
    ) throws(BenchError) -> (Recording, TraceTally) {
        var replay = try ReplayPass(cluster, path: path)
        var recorder = FrameRecorder()
        try replay.run(&recorder)
        guard !recorder.isFull else { throw .tooLong(path) }
        return (recorder.finish(), replay.replayer.tally)
    }

    /// Of the whole file; empty if it has gone meanwhile.
    private static func digest(_ path: String) -> String {
        guard let file = FileHandle(forReadingAtPath: path) else { return "" }
        var hash = SHA256()
        while let piece = try? file.read(upToCount: 1 << 20), !piece.isEmpty {
            hash.add([UInt8](piece).span.raw)
        }
        return hash.finish()
    }

    /// Measures everything. `progress` is told what is being done.
    public func run(
        named name: String, stack: String, progress: (String) -> Void = { _ in }
    ) throws(BenchError) -> BenchReport {
        let nodes = self.nodes
        var bench = Turns(recording, nodes, options, clock)
        var mesh = MeshPass(cluster, recording, now: tally.last)
        var read = ReadPass(path: path)
        var replay = try ReplayPass(cluster, path: path, clock: clock)
        bench.warm()
        // Twice, as the stages: a table that the last batch of a pass filled grows in the next.
        var warming = Timing { 0 }
        for _ in 0..<2 { mesh.pass(&warming) }
        for trial in 1...max(options.trials, 1) {
            progress("trial \(trial) of \(options.trials)")
            bench.run()
            bench.mesh.run(&mesh)
            bench.read.run(&read)
            bench.replay.run(&replay)
            bench.replayNodes.append(replay.nodeNanosecondsPerPacket)
        }
        let machine = Machine()
        if machine.countersMissing == nil, weft_counters_open() == 0 {
            bench.count()
            bench.mesh.count(&mesh)
            weft_counters_close()
        }
        progress("workers")
        let workers = options.workers > 1 ? scaling() : nil
        let memory = mesh.runner.flowMemory
        let ledger = mesh.runner.ledger
        let isBalanced = mesh.runner.checkInvariants() && nodes.allSatisfy { $0.isBalanced }
        return BenchReport(
            machine: machine, build: Build(),
            trace: .init(
                name: name, sha256: sha256, packets: tally.packetCount, bytes: tally.byteCount,
                flows: memory.flowCount),
            stack: .init(
                name: stack, nodes: cluster.nodes.count, services: cluster.services.count,
                tasks: cluster.tasks.count),
            options: .init(
                trials: options.trials, trialNanoseconds: options.trialNanoseconds,
                batchFrames: Limits.batchFrameCount, clock: options.clockName,
                clockNanoseconds: clockCost, clockOverhead: options.clockOverhead),
            figures: bench.figures,
            memory: .init(
                flowTableBytes: memory.byteCount, flows: memory.flowCount,
                bytesPerFlow: Double(memory.byteCount) / Double(max(memory.flowCount, 1))),
            workers: workers,
            ledger: .init(
                received: ledger.received, delivered: ledger.delivered,
                toClients: ledger.transmittedToClients, dropped: ledger.droppedCount,
                isBalanced: isBalanced))
    }

    private var nodes: [BenchNode] {
        let compilation = Compilation(cluster)
        return cluster.nodes.map {
            BenchNode(compilation.program(for: $0.id), now: tally.last)
        }
    }

    /// Of two readings, in nanoseconds.
    private var clockCost: Double {
        let start = clock()
        for _ in 0..<1_000 { _ = clock() }
        return Double(clock() &- start) / 1_001 * 2
    }

    /// One worker and all of them, in turns.
    private func scaling() -> BenchReport.Scaling? {
        var (one, many, ratios): ([Double], [Double], [Double]) = ([], [], [])
        var shards: [UInt64] = []
        var allocations: UInt64 = 0
        for _ in 0..<max(options.trials, 1) {
            let alone = run(workers: 1, passCount: passCount)
            let together = run(workers: options.workers, passCount: passCount)
            one.append(rate(alone))
            many.append(rate(together))
            ratios.append(rate(together) / rate(alone))
            shards = together.map { $0.packetCount / UInt64(passCount) }
            allocations += (alone + together).reduce(0) { $0 + $1.allocationCount }
        }
        guard let one = Spread(one), let many = Spread(many), let ratio = Spread(ratios) else {
            return nil
        }
        return .init(
            workers: options.workers, shards: shards, oneWorkerMegapackets: one,
            megapackets: many, ratio: ratio, allocations: allocations)
    }

    /// Million packets in a second, all workers together.
    private func rate(_ results: [WorkerResult]) -> Double {
        results.reduce(0) {
            $0 + ($1.nanosecondsPerPacket > 0 ? 1000 / $1.nanosecondsPerPacket : 0)
        }
    }

    /// Passes that fill a trial at 100 ns a packet.
    private var passCount: Int {
        max(1, Int(options.trialNanoseconds) / (recording.fed.count * 100))
    }

    /// What each of so many workers does in so many passes over its part of the trace, after one that
    /// is not counted.
    public func run(workers count: Int, passCount: Int) -> [WorkerResult] {
        Workers.run(
            count, cluster, recording, now: tally.last, passCount: passCount, clock: clock,
            overhead: options.clockOverhead)
    }
}
