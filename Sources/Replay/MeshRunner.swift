// Every node of a mesh in one process, and the wire between them.
//
// Frames are put in front of nodes and then run in rounds: each node judges what reached it, what
// it sent over the underlay reaches the next node in the next round, until nothing is on the wire. Frames
// of a later wave are put in front of their nodes only then.
// Invariant: what left for the underlay is what arrived from it, so the nodes' ledgers add up to
// the mesh's: each frame put in, or made inside, ends in exactly one verdict.

import Dataplane
import Mesh
import Wire

public struct MeshRunner: ~Copyable {
    public let compilation: Compilation
    public internal(set) var arena = FrameArena()
    private let nodes: [RunningNode]
    /// By node: frames that have reached it and are not judged yet.
    private var incoming: [FrameList]
    /// By node: frames that reach it in the next round.
    private var next: [FrameList]
    private var routes: FrameRoutes
    /// By node: frames sent to it that found the list of the next round full.
    private var waiting: [[Frame]]
    /// By wave, from the second on: frames of it and the nodes that they will be put in front of.
    private var later: [[(node: NodeIndex, frame: Frame)]] = []
    /// Frames put in since the last run.
    public private(set) var pendingCount = 0
    private var stopwatch = MeshStopwatch()
    /// Frames put in altogether.
    public private(set) var fedCount: UInt64 = 0
    /// The clock of the mesh: it never goes back, whatever the trace does.
    private var now: UInt64 = 0

    /// A mesh with all the nodes of `cluster`. Flow tables hold `flowCountMax` flows on each node,
    /// a power of two, and are keyed from `seed`. Without `usesShortWay` every packet goes the
    /// general way, to the same end; `looksAhead` is `NodeState`'s. Only a test has reason to give
    /// either.
    public init(
        _ cluster: Cluster, flowCountMax: Int = 1 << 22, seed: UInt64 = 0,
        usesShortWay: Bool = true, looksAhead: Bool? = nil
    ) {
        let compilation = Compilation(cluster)
        nodes = cluster.nodes.map { node in
            RunningNode(
                compilation.program(for: node.id),
                key: HashKey(k0: seed, k1: UInt64(node.id.rawValue)),
                flowCountMax: flowCountMax, usesShortWay: usesShortWay,
                looksAhead: looksAhead)
        }
        incoming = cluster.nodes.map { _ in FrameList() }
        next = incoming
        waiting = cluster.nodes.map { _ in [] }
        routes = FrameRoutes(nodeCount: cluster.nodes.count)
        self.compilation = compilation
    }

    public var nodeCount: Int { nodes.count }

    /// Nanoseconds spent in the nodes and on the wire between them, by the clock that `run` was given.
    public var busyNanoseconds: UInt64 { stopwatch.busyNanoseconds }
    /// Of them, those on the wire: moving frames from node to node is no node's work.
    public var wireNanoseconds: UInt64 { stopwatch.wireNanoseconds }
    /// Of them, those in the nodes' data planes.
    public var processingNanoseconds: UInt64 { busyNanoseconds &- wireNanoseconds }

    /// Any node's program: they agree on everything but their own MACs and host-mode ports.
    public func program(_ node: NodeIndex) -> Program { nodes[Int(node.rawValue)].program }

    /// Whether another frame fits before `run`.
    public var isFull: Bool { pendingCount >= Limits.batchFrameCount }

    /// Lends the arena to whoever prepares a frame.
    public mutating func withArena<Result: ~Copyable>(
        _ body: (inout FrameArena) -> Result
    ) -> Result {
        body(&arena)
    }

    /// Puts a frame, whose bytes are in the arena, in front of a node once all that is in earlier waves
    /// has come to its end. Waves count from zero.
    @inline(__always)
    public mutating func put(_ frame: Frame, at node: NodeIndex, inWave wave: Int = 0) {
        precondition(!isFull)
        if wave == 0 {
            incoming[Int(node.rawValue)].append(frame)
        } else {
            putLater(frame, node, wave)
        }
        pendingCount &+= 1
        fedCount &+= 1
    }

    @inline(never)
    private mutating func putLater(_ frame: Frame, _ node: NodeIndex, _ wave: Int) {
        while later.count < wave { later.append([]) }
        later[wave - 1].append((node, frame))
    }

    /// Runs wave after wave, each until nothing is on the wire. `now` is in nanoseconds; `clock` measures
    /// work.
    public mutating func run<Observer: FrameObserver & ~Copyable>(
        now: UInt64, observer: inout Observer, clock: () -> UInt64
    ) {
        self.now = max(self.now, now)
        runWave(&observer, clock)
        for wave in later.indices where !later[wave].isEmpty {
            for (node, frame) in later[wave] { incoming[Int(node.rawValue)].append(frame) }
            later[wave].removeAll(keepingCapacity: true)
            runWave(&observer, clock)
        }
        if observer.isWatching { observer.settled() }
        pendingCount = 0
    }

    private mutating func runWave<Observer: FrameObserver & ~Copyable>(
        _ observer: inout Observer, _ clock: () -> UInt64
    ) {
        if observer.isWatching {
            while watchedRound(&observer, clock) {}
        } else if stopwatch.looksCloser {
            let start = clock()
            var wire: UInt64 = 0
            while closeRound(&wire, clock) {}
            stopwatch.add(clock() &- start, onWire: wire)
        } else {
            let start = clock()
            while round() {}
            stopwatch.add(clock() &- start)
        }
    }

    /// Gives the arena's memory back. Nothing may be pending.
    public mutating func reclaim() {
        precondition(pendingCount == 0)
        arena.removeAll()
    }

    /// One round; whether anything is on the wire afterwards.
    private mutating func round() -> Bool {
        process()
        return forward()
    }

    /// The same, the time on the wire added to `wire`.
    private mutating func closeRound(_ wire: inout UInt64, _ clock: () -> UInt64) -> Bool {
        process()
        let start = clock()
        defer { wire &+= clock() &- start }
        return forward()
    }

    private mutating func process() {
        for index in nodes.indices where !incoming[index].isEmpty {
            nodes[index].process(&incoming[index], in: &arena, now: now)
        }
    }

    /// One round with somebody watching, whose time is not counted.
    private mutating func watchedRound<Observer: FrameObserver & ~Copyable>(
        _ observer: inout Observer, _ clock: () -> UInt64
    ) -> Bool {
        var busy: UInt64 = 0
        for index in nodes.indices where !incoming[index].isEmpty {
            observer.arriving(at: NodeIndex(index), incoming[index], arena)
            let start = clock()
            nodes[index].process(&incoming[index], in: &arena, now: now)
            busy &+= clock() &- start
            observer.judged(at: NodeIndex(index), incoming[index], arena)
        }
        let start = clock()
        defer {
            let wire = clock() &- start
            stopwatch.add(busy &+ wire, onWire: wire)
        }
        return forward()
    }

    /// Moves what was sent over the underlay to the node it was sent to; whether there was any. Many
    /// nodes may send to one, and what they cut into fragments too: more than a list holds. What is
    /// beyond a batch waits for the round after, in order.
    private mutating func forward() -> Bool {
        var isMoving = admitWaiting()
        for node in incoming.indices where !incoming[node].isEmpty {
            if incoming[node].forward(to: &next, beyond: &waiting, by: &routes) { isMoving = true }
            incoming[node].removeAll()
        }
        swap(&incoming, &next)
        return isMoving
    }

    /// Puts what waits in front of its node, a batch of it.
    private mutating func admitWaiting() -> Bool {
        var isMoving = false
        for node in waiting.indices where !waiting[node].isEmpty {
            let count = min(waiting[node].count, Limits.batchFrameCount)
            for frame in waiting[node][..<count] { next[node].append(frame) }
            waiting[node].removeFirst(count)
            isMoving = true
        }
        return isMoving
    }
}

// What there is to report.
extension MeshRunner {
    public func ledger(of node: NodeIndex) -> Ledger { nodes[Int(node.rawValue)].state.ledger }

    /// The mesh's own ledger: the nodes' together, what went between them taken out.
    public var ledger: Ledger {
        var total = Ledger()
        for node in nodes { total += node.state.ledger }
        total.received = fedCount
        total.transmittedToUnderlay = 0
        return total
    }

    /// What a node counted for each virtual service.
    public func services(of node: NodeIndex) -> [FlowTraffic] {
        nodes[Int(node.rawValue)].state.services
    }

    /// What a node counted for each endpoint.
    public func endpoints(of node: NodeIndex) -> [FlowTraffic] {
        nodes[Int(node.rawValue)].state.endpoints
    }

    /// By task: the flows that all nodes together saw opened.
    var flowCountsByTask: [UInt64] {
        var counts = [UInt64](repeating: 0, count: compilation.cluster.tasks.count)
        for node in 0..<nodeCount {
            for (index, traffic) in endpoints(of: NodeIndex(node)).enumerated() {
                counts[compilation.task(EndpointIndex(index)).id.rawValue] += traffic.flowCount
            }
        }
        return counts
    }

    /// Packets delivered by the node they entered, and packets delivered across the underlay.
    public var hops: (local: UInt64, remote: UInt64) {
        nodes.reduce((0, 0)) { ($0.0 + $1.state.localCount, $0.1 + $1.state.remoteCount) }
    }

    /// Bytes of all flow tables, and the flows in them.
    public var flowMemory: (byteCount: Int, flowCount: Int) {
        nodes.reduce((0, 0)) { ($0.0 + $1.state.flowByteCount, $0.1 + $1.state.flowCount) }
    }

    /// Every node's own, and that the mesh's ledger balances.
    public func checkInvariants() -> Bool {
        ledger.isBalanced && nodes.allSatisfy { $0.state.checkInvariants() }
    }
}
