// What the planned removal of a task would do to the flows that a replay saw.
//
// The mesh is compiled a second time with the task's weight zero, and both programs choose for every
// flow. Flows of the task itself must move: that part no hashing can avoid. Flows moved though their
// task stays are the price of a table that stays even (Maglev, section 3.4): 1 to 1.5 % at a hundred
// slots for each task. Invariant: leaving + collateral = flows that the two programs judge apart,
// and only the task's own service has any.

import Dataplane
import Mesh

public struct Churn: Codable, Equatable, Sendable {
    /// What may move besides the task's own share, as a ratio.
    public static let collateralAllowance = 0.02

    /// The task that goes.
    public var task: String
    /// In the order of the stack.
    public var services: [Service]
    public var total: Counts
    /// Whether flows came after as many as can be remembered.
    public var isCapped: Bool

    public struct Counts: Codable, Equatable, Sendable {
        public var flows: UInt64 = 0
        /// Flows whose task goes: they must move.
        public var leaving: UInt64 = 0
        /// Flows moved though their task stays.
        public var collateral: UInt64 = 0

        public init() {}
    }

    public struct Service: Codable, Equatable, Sendable {
        public var name: String
        public var counts: Counts
        /// The ratio of flows that may move: the task's share and the allowance, 1/N + 2 % with
        /// equal weights; zero for a service that loses nothing.
        public var bound: Double
        /// Whether no more than that moved.
        public var isWithinBound: Bool
    }
}

extension Churn.Counts {
    public var moved: UInt64 { leaving + collateral }

    /// A part of the flows in percent; zero when there are none.
    public func percent(_ part: UInt64) -> Double {
        flows == 0 ? 0 : Double(part) * 100 / Double(flows)
    }

    static func += (total: inout Self, other: Self) {
        total.flows += other.flows
        total.leaving += other.leaving
        total.collateral += other.collateral
    }
}

extension Churn {
    /// Tries the removal of `task` from `cluster` on the flows that were seen there.
    public init(removing task: Task, from cluster: Cluster, seen: SeenFlows) {
        var smaller = cluster
        smaller.tasks[task.id.rawValue].weight = 0
        let compilation = Compilation(cluster)
        // Any node's program serves: they choose alike.
        let node = NodeID(0)
        let before = compilation.program(for: node)
        let after = Compilation(smaller).program(for: node)
        var counts = [Counts](repeating: Counts(), count: cluster.services.count)
        for (index, flows) in seen.flows.enumerated() {
            let service = VirtualServiceIndex(index)
            // A sum: the order of the set does not show.
            for flow in flows {
                let old = before.endpoint(of: flow, service)
                let isLeaving = old.map { compilation.task($0).id == task.id } ?? false
                let isMoved = old != after.endpoint(of: flow, service)
                counts[Int(before.services[service].service.rawValue)]
                    .add(isLeaving: isLeaving, isMoved: isMoved)
            }
        }
        let share = cluster.share(of: task)
        self.task = task.name
        isCapped = seen.isCapped
        total = counts.reduce(into: Counts()) { $0 += $1 }
        services = cluster.services.map { service in
            let bound = service.id == task.service ? share + Self.collateralAllowance : 0
            return Service(service.name, counts[service.id.rawValue], bound: bound)
        }
    }
}

extension Churn.Service {
    fileprivate init(_ name: String, _ counts: Churn.Counts, bound: Double) {
        self.name = name
        self.counts = counts
        self.bound = bound
        isWithinBound = Double(counts.moved) <= bound * Double(counts.flows)
    }
}

extension Churn.Counts {
    fileprivate mutating func add(isLeaving: Bool, isMoved: Bool) {
        flows += 1
        if isLeaving { leaving += 1 } else if isMoved { collateral += 1 }
    }
}

extension Program {
    fileprivate func endpoint(
        of flow: FlowKey, _ service: VirtualServiceIndex
    ) -> EndpointIndex? {
        choose(flow, service: service, target: flow.servicePort)?.endpoint
    }
}

extension Cluster {
    /// A task's part of its service's weight; 1/N when all are equal.
    fileprivate func share(of task: Task) -> Double {
        let weights = tasks(of: task.service).filter { $0.state == .running }
        let total = weights.reduce(0.0) { $0 + Double($1.weight) }
        return total > 0 && task.state == .running ? Double(task.weight) / total : 0
    }
}
