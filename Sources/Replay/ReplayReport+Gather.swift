// Gathers the report from what the nodes counted. Services and tasks come in the order of the stack.
// Invariant: every figure is a sum of counters that nodes keep; nothing is counted a second time.

import Dataplane
import Mesh
import Wire

extension ReplayReport {
    /// The report of a finished replay of `input`.
    public init(_ replayer: borrowing Replayer, input: String) {
        let cluster = replayer.cluster
        let totals = Totals(replayer)
        stack = cluster.name
        self.input = input
        trace = Trace(replayer.tally, replayed: replayer.runner.fedCount)
        trace.truncation = replayer.truncation.map { "\($0)" }
        services = cluster.services.map { Service($0, cluster, totals) }
        tasks = cluster.tasks.map { Task($0, cluster, totals) }
        nodes = []
        for node in cluster.nodes {
            let ledger = replayer.runner.ledger(of: NodeIndex(node.id.rawValue))
            nodes.append(Node(node, ledger, cluster, totals))
        }
        let (local, remote) = replayer.runner.hops
        hops = Hops(local: local, remote: remote)
        let sum = replayer.runner.ledger
        drops = Drop.all(in: sum)
        ledger = Ledger(sum, isBalanced: replayer.runner.checkInvariants())
        performance = Performance(
            nanoseconds: replayer.runner.processingNanoseconds,
            packetCount: replayer.runner.fedCount)
        performance.wireNanosecondsPerPacket =
            Double(replayer.runner.wireNanoseconds) / Double(max(replayer.runner.fedCount, 1))
        performance.flowTableBytes = replayer.runner.flowMemory.byteCount
    }

    /// What all nodes counted together, by service and by task.
    struct Totals {
        var services: [FlowTraffic]
        var tasks: [FlowTraffic]
        /// By task, of the first pass over the trace alone.
        var firstPassFlowCounts: [UInt64]

        init(_ replayer: borrowing Replayer) {
            let cluster = replayer.cluster
            firstPassFlowCounts = replayer.firstPassFlowCounts
            services = Array(repeating: FlowTraffic(), count: cluster.services.count)
            tasks = Array(repeating: FlowTraffic(), count: cluster.tasks.count)
            for node in 0..<replayer.runner.nodeCount {
                let node = NodeIndex(node)
                let table = replayer.runner.program(node).services
                for (index, traffic) in replayer.runner.services(of: node).enumerated() {
                    let service = table[VirtualServiceIndex(index)].service
                    services[Int(service.rawValue)] += traffic
                }
                for (index, traffic) in replayer.runner.endpoints(of: node).enumerated() {
                    let task = replayer.runner.compilation.task(EndpointIndex(index))
                    tasks[task.id.rawValue] += traffic
                }
            }
        }
    }
}

extension ReplayReport.Trace {
    init(_ tally: TraceTally, replayed: UInt64) {
        self.init(
            packets: tally.packetCount, bytes: tally.byteCount,
            seconds: Double(tally.last - (tally.first ?? tally.last)) / 1e9, replayed: replayed,
            filtered: tally[.filtered], host: tally[.host],
            unsupportedLink: tally[.unsupportedLink], laterFragment: tally[.laterFragment],
            sctpFragment: tally[.sctpFragment])
    }
}

extension ReplayReport.Count {
    init(_ traffic: Traffic) {
        self.init(packets: traffic.packetCount, bytes: traffic.byteCount)
    }
}

extension ReplayReport.Service {
    init(_ service: Mesh.Service, _ cluster: Cluster, _ totals: ReplayReport.Totals) {
        let traffic = totals.services[service.id.rawValue]
        let tasks = cluster.tasks(of: service.id)
        name = service.name
        ports = PublishedRange.ranges(of: service.ports).map(\.text)
        self.tasks = tasks.count
        flows = traffic.flowCount
        requests = ReplayReport.Count(traffic.requests)
        replies = ReplayReport.Count(traffic.replies)
        evenness = ReplayReport.Evenness(
            flows: tasks.map { totals.firstPassFlowCounts[$0.id.rawValue] },
            weights: tasks.map { $0.state == .running ? Double($0.weight) : 0 })
    }
}

extension ReplayReport.Evenness {
    init?(flows: [UInt64], weights: [Double]) {
        guard let test = ChiSquare(observed: flows, weights: weights) else { return nil }
        let total = Double(flows.reduce(0, +))
        let weightTotal = weights.reduce(0, +)
        let ratios = zip(flows, weights).filter { $0.1 > 0 }.map {
            Double($0.0) / (total * $0.1 / weightTotal)
        }
        self.init(
            maxOverMean: ratios.max() ?? 0, chiSquare: test.statistic,
            degreesOfFreedom: test.degreesOfFreedom, pValue: test.pValue)
    }
}

extension ReplayReport.Task {
    init(_ task: Mesh.Task, _ cluster: Cluster, _ totals: ReplayReport.Totals) {
        let traffic = totals.tasks[task.id.rawValue]
        name = task.name
        node = cluster[task.node].name
        addresses = task.endpoints.flatMap { endpoint in
            [endpoint.v4.map { "\($0)" }, endpoint.v6.map { "\($0)" }].compactMap { $0 }
        }
        flows = traffic.flowCount
        requests = ReplayReport.Count(traffic.requests)
        replies = ReplayReport.Count(traffic.replies)
    }
}

extension ReplayReport.Node {
    init(
        _ node: Mesh.Node, _ ledger: Dataplane.Ledger, _ cluster: Cluster,
        _ totals: ReplayReport.Totals
    ) {
        var own = FlowTraffic()
        for task in cluster.tasks where task.node == node.id {
            own += totals.tasks[task.id.rawValue]
        }
        self.init(
            name: node.name, addresses: node.addresses.map { "\($0)" }, received: ledger.received,
            generated: ledger.generated, toUnderlay: ledger.transmittedToUnderlay,
            toClients: ledger.transmittedToClients, delivered: ledger.delivered,
            consumed: ledger.consumedCount, dropped: ledger.droppedCount, held: ledger.held,
            requests: ReplayReport.Count(own.requests), flows: own.flowCount)
    }
}

extension ReplayReport.Drop {
    /// What a ledger counted, in the order of the reasons.
    static func all(in ledger: Dataplane.Ledger) -> [ReplayReport.Drop] {
        Dataplane.Drop.allCases.filter { ledger[$0] > 0 }.map {
            ReplayReport.Drop(
                reason: "\($0)", explanation: $0.explanation, packets: ledger[$0])
        }
    }
}

extension ReplayReport.Ledger {
    init(_ ledger: Dataplane.Ledger, isBalanced: Bool) {
        self.init(
            received: ledger.received, generated: ledger.generated,
            transmitted: ledger.transmitted, delivered: ledger.delivered,
            neighbour: ledger[.neighbour], host: ledger[.host], dropped: ledger.droppedCount,
            held: ledger.held, isBalanced: isBalanced)
    }
}

extension ReplayReport.Performance {
    init(nanoseconds: UInt64, packetCount: UInt64) {
        let count = Double(max(packetCount, 1))
        self.init(
            nanoseconds: nanoseconds, nanosecondsPerPacket: Double(nanoseconds) / count,
            packetsPerSecond: nanoseconds == 0 ? 0 : count * 1e9 / Double(nanoseconds))
    }
}
