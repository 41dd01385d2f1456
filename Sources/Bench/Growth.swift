// What a packet costs as services, tasks, flows and frames grow, one of them at a time; and what a
// change of the cluster costs.
//
// Invariant: every row is measured in the same way, with full batches in cache and flows drawn at
// random, and every packet of it arrives.

import Dataplane
import Mesh

public struct Growth: Codable, Sendable {
    public static let schemaCurrent = "weft.bench-growth/1"

    public var schema = Growth.schemaCurrent
    public var label = BenchReport.labelCurrent
    public var machine = Machine()
    public var build = Build()
    /// What was measured: time, or processor time.
    public var clock: String?
    public var rows: [Row] = []
    public var changes: [Change] = []

    /// Nanoseconds for each packet.
    public struct Row: Codable, Sendable {
        /// What grows here.
        public var varied: String
        public var services: Int
        public var tasksPerService: Int
        public var flows: Int
        public var frameBytes: Int
        public var entry: Spread
        public var owner: Spread
        public var replyOwner: Spread
        public var replyEntry: Spread
        public var bytesPerFlow: Double
        /// In the timed parts.
        public var allocations: UInt64
    }

    /// Milliseconds for one step of taking in a change.
    public struct Change: Codable, Sendable {
        public var name: String
        public var milliseconds: Spread
    }

    public init() {}

    /// Every row, in order. `isQuick` leaves out what takes long to set up.
    public static func scenarios(isQuick: Bool) -> [(varied: String, scenario: Scenario)] {
        let counts = [1, 10, 100, 1_000, 10_000]
        let flows = [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
        let bytes = [64, 128, 256, 512, 1_024, 1_514, 9_000]
        return counts.map { ("services", Scenario(serviceCount: $0)) }
            + counts.map { ("tasks", Scenario(serviceCount: 1, taskCount: $0)) }
            + flows.prefix(isQuick ? 3 : 5).map { ("flows", Scenario(flowCount: $0)) }
            + bytes.map { ("frame bytes", Scenario(frameByteCount: $0)) }
    }

    /// Measures one row.
    public static func row(
        _ varied: String, _ scenario: Scenario, _ options: BenchOptions, clock: @escaping Clock
    ) throws(BenchError) -> Row? {
        let mesh = try ScenarioMesh(scenario)
        mesh.openAll()
        var halves = (0..<4).map { _ in [Double]() }
        var allocations: UInt64 = 0
        var count: UInt64 = 0
        let opened = mesh.arrived.atTasks
        for trial in 0...max(options.trials, 1) {
            var timings = (0..<4).map { _ in Timing(clock, overhead: options.clockOverhead) }
            timings[0].reset()
            repeat {
                goRound(mesh, &timings)
                count += UInt64(Limits.batchFrameCount)
            } while timings.reduce(0, { $0 + $1.nanoseconds }) < options.trialNanoseconds
            allocations += timings[0].allocations
            // The first one warms up.
            guard trial > 0 else { continue }
            for half in halves.indices {
                halves[half].append(timings[half].nanosecondsPerPacket ?? 0)
            }
        }
        guard mesh.isBalanced, mesh.arrived.atTasks == opened + count,
            mesh.arrived.atClients == count
        else { throw .nothingToMeasure("\(varied): \(scenario): packets went astray") }
        let memory = mesh.flowMemory
        guard let entry = Spread(halves[0]), let owner = Spread(halves[1]),
            let replyOwner = Spread(halves[2]), let replyEntry = Spread(halves[3])
        else { return nil }
        return Row(
            varied: varied, services: scenario.serviceCount, tasksPerService: scenario.taskCount,
            flows: memory.flowCount, frameBytes: scenario.frameByteCount, entry: entry,
            owner: owner, replyOwner: replyOwner, replyEntry: replyEntry,
            bytesPerFlow: Double(memory.byteCount) / Double(max(memory.flowCount, 1)),
            allocations: allocations)
    }

    /// A batch in, over, and back.
    private static func goRound(_ mesh: ScenarioMesh, _ timings: inout [Timing]) {
        let count = Limits.batchFrameCount
        mesh.fill()
        var start = timings[0].begin()
        mesh.enter()
        timings[0].end(start, count: count)
        mesh.cross(to: 1)
        start = timings[1].begin()
        mesh.own()
        timings[1].end(start, count: count)
        mesh.answer()
        start = timings[2].begin()
        mesh.reply()
        timings[2].end(start, count: count)
        mesh.cross(to: 0)
        start = timings[3].begin()
        mesh.handOver()
        timings[3].end(start, count: count)
    }
}
