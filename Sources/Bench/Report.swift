// What a benchmark has to tell, as one value: the text and the JSON say the same.
//
// Field names are the JSON's. Invariant: `name` and `placement` together name a figure for good, so
// that a report can be compared with one of another day.

public struct BenchReport: Codable, Sendable {
    /// Changes when a field changes its meaning or goes.
    public static let schemaCurrent = "weft.bench/1"
    public static let labelCurrent = "in process: no network card, not RFC 2544"

    public var schema = BenchReport.schemaCurrent
    public var label = BenchReport.labelCurrent
    public var machine: Machine
    public var build: Build
    public var trace: Trace
    public var stack: Stack
    public var options: Options
    public var figures: [Figure]
    public var memory: Memory
    public var workers: Scaling?
    public var ledger: Ledger
    /// With another report; nil when none was given.
    public var comparison: [Comparison]?

    public struct Trace: Codable, Equatable, Sendable {
        public var name: String
        /// SHA-256 of the file.
        public var sha256: String
        public var packets: UInt64
        public var bytes: UInt64
        /// Flows that the mesh remembered; both directions of a connection are one.
        public var flows: Int
    }

    public struct Stack: Codable, Equatable, Sendable {
        public var name: String
        public var nodes: Int
        public var services: Int
        public var tasks: Int
    }

    public struct Options: Codable, Equatable, Sendable {
        public var trials: Int
        public var trialNanoseconds: UInt64
        public var batchFrames: Int
        /// What was measured: time, or processor time; nil in reports of before there were two.
        public var clock: String?
        /// What two readings of the clock cost; one of them is in every figure, once for each batch,
        /// but for the nanoseconds that are taken off.
        public var clockNanoseconds: Double
        /// Taken off each batch; nil in reports of before that was done.
        public var clockOverhead: UInt64?
    }

    public struct Figure: Codable, Equatable, Sendable {
        public var name: String
        public var placement: Placement?
        public var unit: String
        public var isHigherBetter: Bool
        /// Of one pass.
        public var packets: UInt64
        public var spread: Spread
        /// Times the floor of the same trial, where the floor does the same work.
        public var overFloor: Spread?
        /// In the timed parts of all trials; nil where files are opened in them.
        public var allocations: UInt64?
        public var batches: Percentiles?
        public var cyclesPerPacket: Double?
        public var instructionsPerPacket: Double?

        public init(
            _ name: String, _ placement: Placement? = nil, unit: String = "ns/packet",
            isHigherBetter: Bool = false, packets: UInt64 = 0, spread: Spread
        ) {
            self.name = name
            self.placement = placement
            self.unit = unit
            self.isHigherBetter = isHigherBetter
            self.packets = packets
            self.spread = spread
        }

        /// Million packets in a second, at the median.
        public var megapackets: Double { spread.median > 0 ? 1000 / spread.median : 0 }
    }

    public struct Memory: Codable, Equatable, Sendable {
        /// Of all nodes' flow tables, empty places included.
        public var flowTableBytes: Int
        public var flows: Int
        public var bytesPerFlow: Double
    }

    public struct Scaling: Codable, Equatable, Sendable {
        public var workers: Int
        /// Each worker's packets in one pass.
        public var shards: [UInt64]
        public var oneWorkerMegapackets: Spread
        public var megapackets: Spread
        /// The rate of all workers over the rate of one, trial by trial.
        public var ratio: Spread
        public var allocations: UInt64
    }

    public struct Ledger: Codable, Equatable, Sendable {
        public var received: UInt64
        public var delivered: UInt64
        public var toClients: UInt64
        public var dropped: UInt64
        public var isBalanced: Bool
    }

    /// Every node's ledger balances, and nothing was allocated where it may not be. Debug builds
    /// allocate for checks of their own.
    public var holds: Bool {
        ledger.isBalanced && (build.isDebug || allocations == 0)
    }

    /// In the timed parts of everything together.
    public var allocations: UInt64 {
        figures.reduce(workers?.allocations ?? 0) { $0 + ($1.allocations ?? 0) }
    }
}
