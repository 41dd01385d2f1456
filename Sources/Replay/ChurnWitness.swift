// Remembers which flows a replay saw, so that a change of the mesh can be tried on them afterwards.
//
// It stands in front of another observer and passes everything on. A flow is taken where a node
// chose its task: the key read from the frame as it arrived must hash to what the data plane's own
// decision says, so VXLAN, ICMP errors and later fragments, which quote or follow another packet's
// flow, are not taken for flows. Invariant: a flow is held once for each virtual service, and no
// more than `flowCountMax` are held altogether.

import Dataplane
import Mesh
import Wire

/// The distinct flows of a replay, by the virtual service that they were sent to.
public struct SeenFlows: Sendable {
    /// By `VirtualServiceIndex`.
    public private(set) var flows: [Set<FlowKey>]
    public private(set) var count = 0
    /// Whether a flow came when no more could be held.
    public private(set) var isCapped = false
    private let countMax: Int

    init(serviceCount: Int, countMax: Int) {
        flows = [Set<FlowKey>](repeating: [], count: serviceCount)
        self.countMax = countMax
    }

    mutating func insert(_ flow: FlowKey, for service: VirtualServiceIndex) {
        let index = Int(service.rawValue)
        guard count < countMax else {
            isCapped = isCapped || !flows[index].contains(flow)
            return
        }
        if flows[index].insert(flow).inserted { count += 1 }
    }
}

public struct ChurnWitness<Next: FrameObserver & ~Copyable>: ~Copyable, FrameObserver {
    /// As many as a node remembers; some 200 MB when all are there.
    public static var flowCountMax: Int { Limits.flowCountMax }

    public private(set) var seen: SeenFlows
    private var next: Next
    private let hashKey: HashKey
    /// The flows of the current batch as they arrived; nil where no ports could be read.
    private var arrived: [FlowKey?] = []

    /// Watches a mesh that runs `program` and passes all it sees on to `next`.
    public init(
        _ program: Program, flowCountMax: Int = Self.flowCountMax, before next: consuming Next
    ) {
        seen = SeenFlows(serviceCount: program.services.count, countMax: flowCountMax)
        hashKey = program.hashKey
        self.next = next
    }

    public var isWatching: Bool { true }

    public mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        arrived.removeAll(keepingCapacity: true)
        for index in 0..<frames.count {
            arrived.append(Self.flow(of: arena.bytes(of: frames[index])))
        }
        if next.isWatching { next.arriving(at: node, frames, arena) }
    }

    public mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<min(frames.count, arrived.count) {
            let choice = frames[index].choice
            guard choice.service != .none, let flow = arrived[index],
                flow.hash(hashKey) == choice.hash
            else { continue }
            seen.insert(flow, for: choice.service)
        }
        if next.isWatching { next.judged(at: node, frames, arena) }
    }

    public mutating func settled() { next.settled() }

    /// The observer that everything was passed on to.
    public consuming func end() -> Next { next }

    private static func flow(of bytes: RawSpan) -> FlowKey? {
        let sight = PacketSight(bytes)
        guard sight.hasPorts, let client = sight.source else { return nil }
        return FlowKey(
            client: client, clientPort: sight.sourcePort, servicePort: sight.destinationPort,
            proto: sight.proto)
    }
}
