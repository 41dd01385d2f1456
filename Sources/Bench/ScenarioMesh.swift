// A scenario's two nodes, and batches of its flows on their way: in at the entry, over to the owner,
// and the answers back.
//
// A class because node states cannot be copied. Invariant: the calls for one batch come in the order
// `fill`, `enter`, `own`, `answer`, `reply`, `handOver`, and each finds all the frames of the batch.

import Dataplane
import Mesh
import Wire

public final class ScenarioMesh {
    public let scenario: Scenario
    public let cluster: Cluster
    private let entry: BenchNode
    private let owner: BenchNode
    private let program: Program
    private var arena: FrameArena
    /// What the stage at hand works on.
    private var list = FrameList()
    private var lists = [FrameList(), FrameList()]
    private var waiting: [[Frame]] = [[], []]
    private var routes = FrameRoutes(nodeCount: 2)
    private var flows: [Int] = []
    private var random: UInt64 = 1

    public init(_ scenario: Scenario) throws(BenchError) {
        self.scenario = scenario
        cluster = try scenario.cluster()
        let compilation = Compilation(cluster)
        program = compilation.program(for: cluster.nodes[0].id)
        var flowCountMax = 1 << 12
        while flowCountMax < 2 * scenario.flowCount { flowCountMax *= 2 }
        entry = BenchNode(program, now: 1_000_000_000)
        owner = BenchNode(
            compilation.program(for: cluster.nodes[1].id), now: 1_000_000_000,
            flowCountMax: flowCountMax)
        let room = scenario.frameByteCount + 2 * Limits.headroomByteCount
        arena = FrameArena(byteCapacity: room * Limits.batchFrameCount + 1 << 20)
        flows.reserveCapacity(Limits.batchFrameCount)
    }

    /// Bytes of the owner's flow tables, and flows in them.
    public var flowMemory: (byteCount: Int, flowCount: Int) {
        (owner.state.flowByteCount, owner.state.flowCount)
    }

    public var isBalanced: Bool { entry.isBalanced && owner.isBalanced }

    /// Frames that have reached what they were sent to: tasks, and clients.
    public var arrived: (atTasks: UInt64, atClients: UInt64) {
        (owner.state.ledger.delivered, entry.state.ledger.transmittedToClients)
    }

    /// Puts a batch of flows, drawn at random, in front of the entry.
    public func fill() {
        flows.removeAll(keepingCapacity: true)
        for _ in 0..<Limits.batchFrameCount {
            // A linear congruential generator (Knuth's MMIX); the high bits are good.
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let high = (random >> 32) * UInt64(scenario.flowCount)
            flows.append(Int(high >> 32))
        }
        place()
    }

    /// Puts a batch of flows from `first` on in front of the entry.
    public func fill(from first: Int) {
        flows.removeAll(keepingCapacity: true)
        for offset in 0..<Limits.batchFrameCount {
            flows.append((first + offset) % scenario.flowCount)
        }
        place()
    }

    private func place() {
        arena.removeAll()
        list.removeAll()
        for (index, flow) in flows.enumerated() {
            append(index, .network) { scenario, bytes in scenario.writeRequest(flow, to: &bytes) }
        }
    }

    private func append(
        _ index: Int, _ arrival: Arrival,
        _ write: (Scenario, inout MutableRawSpan) -> Void
    ) {
        let byteCount = max(scenario.frameByteCount, 60)
        guard let offset = arena.reserve(byteCount) else { return }
        let frame = Frame(
            offset: offset, byteCount: byteCount, wireByteCount: byteCount, id: UInt64(index),
            arrival: arrival)
        var bytes = arena.mutableBytes(of: frame)
        write(scenario, &bytes)
        list.append(frame)
    }

    /// The entry's half.
    @inline(never)
    public func enter() { entry.process(&list, in: &arena) }

    /// What crosses the underlay: to the node with this index. Not part of a half.
    public func cross(to node: Int) {
        for index in lists.indices { lists[index].removeAll() }
        _ = list.forward(to: &lists, beyond: &waiting, by: &routes)
        swap(&list, &lists[node])
    }

    /// The owner's half.
    @inline(never)
    public func own() { owner.process(&list, in: &arena) }

    /// Puts the tasks' answers to the batch in front of the owner.
    public func answer() {
        let delivered = (0..<list.count).compactMap { index -> (Int, EndpointIndex)? in
            guard case .delivered(let task) = list[index].verdict else { return nil }
            return (flows[Int(list[index].id)], task)
        }
        arena.removeAll()
        list.removeAll()
        for (index, (flow, task)) in delivered.enumerated() {
            let address = program[task].address4 ?? IPv4Address(rawValue: 0)
            append(index, .task(task)) { scenario, bytes in
                scenario.writeReply(flow, from: address, to: &bytes)
            }
        }
    }

    /// The owner's half of the way back.
    @inline(never)
    public func reply() { owner.process(&list, in: &arena) }

    /// The entry's half of the way back.
    @inline(never)
    public func handOver() { entry.process(&list, in: &arena) }

    /// Remembers every flow, each by one packet.
    public func openAll() {
        for first in stride(from: 0, to: scenario.flowCount, by: Limits.batchFrameCount) {
            fill(from: first)
            enter()
            cross(to: 1)
            own()
        }
    }
}
