// Runs one packet, made for the purpose or taken from a trace, through every node of a mesh, then
// an answer to it, and tells the story.
//
// A packet of a trace is preceded by all that stand before it, so flows and fragments are known as
// `weft replay` would know them. Invariant: packets go one by one, and each reaches the mesh as a
// replay would put it there.

import Capture
import Dataplane
import Mesh
import Wire

public struct Explainer: ~Copyable {
    public let compilation: Compilation
    private var runner: MeshRunner
    private let programs: [Program]
    private let reader: HopReader

    public init(_ cluster: Cluster) {
        runner = MeshRunner(cluster)
        compilation = runner.compilation
        var programs: [Program] = []
        for index in 0..<runner.nodeCount { programs.append(runner.program(NodeIndex(index))) }
        self.programs = programs
        reader = HopReader(programs: programs)
    }

    /// What `node` runs.
    public func program(_ node: NodeIndex) -> Program { programs[Int(node.rawValue)] }

    /// Explains the first packet of a flow.
    public mutating func explain(_ aim: FlowAim, entry policy: EntryPolicy) -> Explanation {
        guard let bytes = openingFrame(of: aim) else { return Explanation() }
        var explanation = Explanation()
        explanation.packet = reader.lines(bytes)
        let node: NodeIndex
        if let sender = aim.sender {
            node = programs[0][sender].node
        } else {
            var chooser = EntryChooser(policy, nodeCount: programs.count)
            var sight = PacketSight(bytes.span.raw)
            node = chooser.choose(&sight, programs[0].addresses)
        }
        guard let frame = adopt(bytes, from: aim.sender, id: 1) else { return explanation }
        tell(&explanation, frame, at: node, now: 0)
        return explanation
    }

    /// Explains packet `number` of the capture at `path`, counted from 1.
    public mutating func explain(
        packet number: Int, of path: String, entry policy: EntryPolicy, remaps: [String] = []
    ) throws(ExplainError) -> Explanation {
        var aimer = try aimer(policy, remaps)
        var count = 0
        do throws(CaptureError) {
            var capture = try CaptureReader(path: path)
            var record = PacketRecord()
            var aimed = AimedPacket()
            while try capture.next(&record) {
                count += 1
                let bytes = capture.bytes(of: record)
                let skip = runner.withArena { arena in
                    aimer.place(
                        bytes, originalByteCount: record.originalByteCount, record.linkType,
                        id: UInt64(count), timestamp: record.timestampNanoseconds, &arena,
                        &aimed)
                }
                guard count < number else {
                    let packet = reader.lines(bytes, record.linkType)
                    return tell(packet, aimed, skip, now: record.timestampNanoseconds)
                }
                pass(skip == nil ? aimed : nil, now: record.timestampNanoseconds)
                while aimer.waitingByteCount != nil {
                    let skip = runner.withArena { arena in aimer.placeWaiting(&arena, &aimed) }
                    pass(skip == nil ? aimed : nil, now: record.timestampNanoseconds)
                }
            }
        } catch {
            throw .capture(error)
        }
        throw .noSuchPacket(number, path: path, count: count)
    }

    private func aimer(
        _ policy: EntryPolicy, _ remaps: [String]
    ) throws(ExplainError) -> TraceAimer {
        var rules: [RemapRule] = []
        do throws(ReplayError) {
            for text in remaps { rules.append(try RemapRule(text, compilation.cluster)) }
        } catch {
            throw .remap(error)
        }
        return TraceAimer(
            compilation.cluster, programs: programs, policy: policy, rules: rules,
            filter: FrameFilter())
    }

    /// The first packet of the flow, as its sender's network card would see it leave.
    private func openingFrame(of aim: FlowAim) -> [UInt8]? {
        let message = FlowMessage(
            proto: aim.proto, kind: .opening, sourcePort: aim.sourcePort,
            destinationPort: aim.destinationPort)
        var source = LinkNormalizer.routerMAC
        var destination = LinkNormalizer.nodeMAC
        if let sender = aim.sender {
            let endpoint = programs[0][sender]
            source = endpoint.mac
            destination = program(endpoint.node)[endpoint.network].balancerMAC
        }
        return FlowPacket.frame(
            message, from: aim.source, to: aim.destination, sourceMAC: source,
            destinationMAC: destination)
    }

    /// A packet that only has to have passed.
    private mutating func pass(_ aimed: AimedPacket?, now: UInt64) {
        if let aimed {
            var nobody = NoObserver()
            runner.put(aimed.frame, at: aimed.node)
            runner.run(now: now, observer: &nobody, clock: Self.noClock)
        }
        runner.reclaim()
    }

    private mutating func tell(
        _ packet: [HeaderLine], _ aimed: AimedPacket, _ skip: Skip?, now: UInt64
    ) -> Explanation {
        var explanation = Explanation()
        explanation.packet = packet
        explanation.skip = skip
        if skip == nil { tell(&explanation, aimed.frame, at: aimed.node, now: now) }
        return explanation
    }

    /// Runs the frame and then an answer to it, and notes what there is to tell.
    private mutating func tell(
        _ explanation: inout Explanation, _ frame: Frame, at node: NodeIndex, now: UInt64
    ) {
        let flowCounts = flowCounts
        let watched = run(frame, at: node, now: now)
        explanation.hops = reader.hops(watched)
        if let first = watched.first {
            explanation.decision = Decision(first, program(first.node))
            let entered = explanation.hops[0].before
            explanation.isAimed = !HopReader.isSameNetwork(explanation.packet, entered)
        }
        guard let last = watched.last(where: { !$0.frame.isGenerated }),
            case .delivered(let endpoint) = last.frame.verdict
        else { return }
        explanation.flow = reader.remembered(last, endpoint, isNew: flowCounts != self.flowCounts)
        guard let bytes = FlowPacket.answer(to: last.after.span.raw),
            let answer = adopt(bytes, from: endpoint, id: frame.id)
        else { return }
        explanation.answer = reader.hops(run(answer, at: last.node, now: now))
    }

    private mutating func run(_ frame: Frame, at node: NodeIndex, now: UInt64) -> [WatchedHop] {
        var watcher = FrameWatcher(id: frame.id)
        runner.put(frame, at: node)
        runner.run(now: now, observer: &watcher, clock: Self.noClock)
        runner.reclaim()
        return watcher.hops
    }

    /// Copies bytes into the arena.
    private mutating func adopt(
        _ bytes: [UInt8], from sender: EndpointIndex?, id: UInt64
    ) -> Frame? {
        let offset = runner.withArena { arena in arena.append(bytes.span.raw) }
        return offset.map {
            Frame(
                offset: $0, byteCount: bytes.count, wireByteCount: bytes.count, id: id,
                arrival: sender.map(Arrival.task) ?? .network)
        }
    }

    /// How many flows each node has begun to remember.
    private var flowCounts: [UInt64] {
        var counts: [UInt64] = []
        for index in 0..<programs.count {
            let traffic = runner.endpoints(of: NodeIndex(index))
            counts.append(traffic.reduce(0) { $0 &+ $1.flowCount })
        }
        return counts
    }

    /// Nothing here is timed.
    private static let noClock: @Sendable () -> UInt64 = { 0 }
}
