// What a packet costs in IPVS mode: by forwarding method, and as connections and virtual servers grow;
// what the connection table costs by itself; and what a flood of new connections leaves of the
// established ones.
//
// Invariant: every row is measured in the same way, with full batches of established connections'
// packets drawn at random, and every packet of it leaves.

import CMachine
import Dataplane
import Wire

public struct DirectorGrowth: Codable, Sendable {
    public static let schemaCurrent = "weft.bench-ipvs/1"

    public var schema = DirectorGrowth.schemaCurrent
    public var label = BenchReport.labelCurrent
    public var machine = Machine()
    public var build = Build()
    /// What was measured: time, or processor time.
    public var clock: String?
    public var rows: [Row] = []
    public var tables: [Operations] = []
    public var flood: Flood?

    /// Nanoseconds for each packet.
    public struct Row: Codable, Sendable {
        public var method: String
        public var services: Int
        public var serversPerService: Int
        public var connections: Int
        public var request: Spread
        /// Nil where replies do not come this way.
        public var reply: Spread?
        /// Where the machine counts them.
        public var requestInstructions: Double?
        public var replyInstructions: Double?
        public var bytesPerConnection: Double
        /// In the timed parts.
        public var allocations: UInt64
    }

    /// A table full of established connections and others, and new ones without end.
    public struct Flood: Codable, Sendable {
        /// What the table holds at most.
        public var connectionsMax: Int
        public var established: Int
        public var newConnections: Int
        /// Of the established ones, afterwards.
        public var kept: Int
    }

    public init() {}

    /// Nothing was allocated where it may not be, and no established connection was lost. Debug
    /// builds allocate for checks of their own.
    public var holds: Bool {
        let allocations =
            rows.reduce(0) { $0 + $1.allocations } + tables.reduce(0) { $0 + $1.allocations }
        return (build.isDebug || allocations == 0)
            && flood.map { $0.kept == $0.established } ?? true
    }

    /// Every row, in order. `isQuick` leaves out what takes long to set up.
    public static func scenarios(isQuick: Bool) -> [DirectorScenario] {
        let methods = DirectorScenario.methods.dropFirst().map { DirectorScenario(method: $0) }
        let counts = [10_000, 1_000_000, 10_000_000].prefix(isQuick ? 1 : 3)
        let services = [1, 10_000].prefix(isQuick ? 1 : 2)
        return counts.map { DirectorScenario(connectionCount: $0) }
            + services.map { DirectorScenario(serviceCount: $0) } + methods
    }

    public static func tableCounts(isQuick: Bool) -> [Int] {
        Array([10_000, 1_000_000, 10_000_000].prefix(isQuick ? 1 : 3))
    }

    /// Measures one row.
    public static func row(
        _ scenario: DirectorScenario, _ options: BenchOptions, clock: @escaping Clock
    ) throws(BenchError) -> Row? {
        let director = try ScenarioDirector(scenario)
        director.openAll()
        var (requests, replies) = ([Double](), [Double]())
        var allocations: UInt64 = 0
        for trial in 0...max(options.trials, 1) {
            let asked = time(options, clock) { director.ask(&$0) }
            let answered = time(options, clock) {
                if scenario.isAnswered { director.answer(&$0) }
            }
            allocations += asked.allocations + answered.allocations
            // The first one warms up.
            guard trial > 0 else { continue }
            requests.append(asked.nanosecondsPerPacket ?? 0)
            if let time = answered.nanosecondsPerPacket { replies.append(time) }
        }
        let memory = director.memory
        guard director.isSound, memory.connectionCount == scenario.connectionCount,
            director.establishedCount == scenario.connectionCount
        else { throw .nothingToMeasure("\(scenario): packets went astray") }
        guard let request = Spread(requests) else { return nil }
        return Row(
            method: scenario.methodName, services: scenario.serviceCount,
            serversPerService: scenario.serverCount, connections: memory.connectionCount,
            request: request, reply: Spread(replies),
            requestInstructions: instructions { director.ask(&$0) },
            replyInstructions: scenario.isAnswered ? instructions { director.answer(&$0) } : nil,
            bytesPerConnection: Double(memory.byteCount) / Double(max(memory.connectionCount, 1)),
            allocations: allocations)
    }

    /// Batches as many as fill half a trial, or one if none is timed.
    private static func time(
        _ options: BenchOptions, _ clock: @escaping Clock, _ body: (inout Timing) -> Void
    ) -> Timing {
        var timing = Timing(clock, overhead: options.clockOverhead)
        timing.reset()
        repeat {
            let before = timing.nanoseconds
            body(&timing)
            if timing.nanoseconds == before { break }
        } while timing.nanoseconds < options.trialNanoseconds / 2
        return timing
    }

    /// For each packet of a few batches; nil where the machine does not count.
    private static func instructions(_ body: (inout Timing) -> Void) -> Double? {
        guard weft_counters_open() == 0 else { return nil }
        defer { weft_counters_close() }
        var timing = Timing { weft_counters_toggle() }
        for _ in 0..<100 { body(&timing) }
        return Double(weft_counters_instructions()) / Double(max(timing.packetCount, 1))
    }

    /// Half of a table established, and ten tables of new connections that nobody completes.
    public static func flood(connectionCountMax: Int) throws(BenchError) -> Flood {
        let scenario = DirectorScenario(connectionCount: connectionCountMax / 2)
        let director = try ScenarioDirector(scenario, connectionCountMax: connectionCountMax)
        director.openAll()
        let established = director.establishedCount
        let count = connectionCountMax * 10
        director.flood(count: count)
        return Flood(
            connectionsMax: connectionCountMax, established: established, newConnections: count,
            kept: director.establishedCount)
    }
}

extension ScenarioDirector {
    /// A batch of clients' packets, its director's part timed.
    fileprivate func ask(_ timing: inout Timing) {
        fill()
        let start = timing.begin()
        ask()
        timing.end(start, count: Limits.batchFrameCount)
        check()
    }

    /// A batch of servers' packets.
    fileprivate func answer(_ timing: inout Timing) {
        answer()
        let start = timing.begin()
        reply()
        timing.end(start, count: Limits.batchFrameCount)
        check()
    }
}

extension DirectorScenario {
    /// Masquerading first.
    public static var methods: [ForwardingMethod] {
        [
            .masquerade, .directRouting, .tunnel(.ipip, .none), .tunnel(.gue(Port(6_080)), .none),
            .tunnel(.gre, .none),
        ]
    }

    /// Whether replies pass the director.
    public var isAnswered: Bool { method == .masquerade }

    /// What tables call the method.
    public var methodName: String {
        switch method {
        case .masquerade: "masquerade"
        case .directRouting: "direct routing"
        case .tunnel(.ipip, _): "IPIP"
        case .tunnel(.gue, _): "GUE"
        case .tunnel(.gre, _): "GRE"
        }
    }
}
