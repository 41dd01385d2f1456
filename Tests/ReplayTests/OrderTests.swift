// Goal: replay works batch by batch, and nobody can tell: a flow's packets, and the ICMP errors about it,
// reach its task in the trace's order; and batches are as long as they may be. Method: errors that four
// routers send about hundreds of flows, among their packets; and conversations, which are replayed a second
// time with so much time between packets that each is a batch of its own.

import Dataplane
import Mesh
import Replay
import Testing
import Traffic

@Suite struct OrderTests {
    private func trace() throws -> [(frame: RawFrame, made: TrafficFrame)] {
        var specification = TrafficSpecification()
        specification.flowCount = 400
        specification.packetCount = 8 * Limits.batchFrameCount
        specification.packetsPerSecond = 1_000_000
        specification.icmpErrors = Share(percent: 10)
        specification.ipv6 = .none
        (specification.udp, specification.sctp) = (.none, .none)
        specification.targets = try (11...14).map { last in
            try #require(TrafficTarget("tcp/192.0.2.\(last):80"))
        }
        return try TraceFile.generate(specification)
    }

    /// Replays a trace; what was delivered in the order of delivery, and how many batches it took.
    private func deliveries(
        of trace: [(frame: RawFrame, made: TrafficFrame)], _ policy: EntryPolicy, _ cluster: Cluster
    ) throws -> (ids: [UInt64], batchCount: Int) {
        var observer = DeliveryObserver()
        try withDirectory { directory in
            let path = directory + "/trace.pcap"
            try TraceFile.write(trace.map(\.frame), to: path)
            try Replaying.replay(path, through: cluster, ReplayOptions(policy: policy), &observer)
        }
        return (observer.delivered, observer.batchCount)
    }

    @Test func `packets and errors of a flow stay in order whatever nodes they enter by`() throws {
        let cluster = try Replaying.cluster("bench")
        let trace = try trace()
        let policy = try #require(EntryPolicy("round-robin", cluster))
        let (ids, _) = try deliveries(of: trace, policy, cluster)
        var latest: [Int: UInt64] = [:]
        var (errorCount, lateCount) = (0, 0)
        for id in ids {
            let made = trace[Int(id) - 1].made
            if made.kind == .icmpError { errorCount += 1 }
            if latest[made.flow, default: 0] > id { lateCount += 1 }
            latest[made.flow] = id
        }
        #expect(lateCount == 0)
        #expect(errorCount > trace.count / 20)
        #expect(ids.count > trace.count * 9 / 10)
    }

    @Test func `errors that a router sends about many flows end no batch`() throws {
        let cluster = try Replaying.cluster("bench")
        let trace = try trace()
        let (_, batchCount) = try deliveries(of: trace, .address, cluster)
        #expect(batchCount == trace.count / Limits.batchFrameCount)
    }

    /// What both sides of hundreds of flows say; with a skew of nothing, all of them as much.
    private func conversations(_ skew: Int = 1_100) throws -> [RawFrame] {
        var specification = TrafficSpecification()
        specification.flowCount = 400
        specification.packetCount = 8 * Limits.batchFrameCount
        specification.packetsPerSecond = 1_000_000
        specification.skew = try #require(ZipfSkew(thousandths: skew))
        specification.isBothDirections = true
        (specification.ipv6, specification.sctp) = (.none, .none)
        (specification.fragments, specification.icmpErrors) = (
            Share(percent: 3), Share(percent: 3)
        )
        (specification.malformed, specification.jitter) = (Share(percent: 2), Share(percent: 20))
        specification.targets = try (11...14).flatMap { last in
            try ["tcp", "udp"].map { proto in
                try #require(TrafficTarget("\(proto)/192.0.2.\(last):\(proto == "tcp" ? 80 : 53)"))
            }
        }
        return try TraceFile.generate(specification).map(\.frame)
    }

    @Test(arguments: ["address", "round-robin", "hash"])
    func `packets fare in batches as they fare one at a time`(policy: String) throws {
        let cluster = try Replaying.cluster("bench")
        let options = ReplayOptions(policy: try #require(EntryPolicy(policy, cluster)))
        // Of no more than 30 seconds, after which a fragment that waits is given up.
        let frames = try conversations().prefix(2_048)
        let apart = frames.enumerated().map { index, frame in
            RawFrame(
                frame.bytes, at: UInt64(index + 1) * (Replayer.batchSpanNanoseconds + 1_000_000),
                wireByteCount: frame.wireByteCount)
        }
        let fates = try [Array(frames), apart].map { frames in
            var observer = FateObserver(Compilation(cluster).program(for: NodeID(0)))
            try withDirectory { directory in
                let path = directory + "/trace.pcap"
                try TraceFile.write(frames, to: path)
                try Replaying.replay(path, through: cluster, options, &observer)
            }
            return observer.fates
        }
        #expect(fates[0].count == frames.count)
        for id in fates[1].keys.sorted() {
            #expect(fates[0][id] == fates[1][id], "packet \(id)")
        }
    }

    @Test func `conversations of many flows share waves`() throws {
        let cluster = try Replaying.cluster("bench")
        let frames = try conversations(0)
        var observer = CallCounter()
        try withDirectory { directory in
            let path = directory + "/trace.pcap"
            try TraceFile.write(frames, to: path)
            try Replaying.replay(path, through: cluster, ReplayOptions(), &observer)
        }
        #expect(observer.batchCount == frames.count / Limits.batchFrameCount)
        #expect(observer.callCount < frames.count / 8)
    }
}

/// Counts batches, and lists that nodes judge.
private struct CallCounter: FrameObserver {
    var batchCount = 0
    var callCount = 0

    var isWatching: Bool { true }

    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        callCount += 1
    }

    mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {}

    mutating func settled() { batchCount += 1 }
}

/// Notes packets as they are delivered, and counts batches: a batch begins where all that arrives is later
/// in the trace than all that arrived before.
private struct DeliveryObserver: FrameObserver {
    var delivered: [UInt64] = []
    var batchCount = 0
    private var latest: UInt64 = 0

    var isWatching: Bool { true }

    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        var (first, last) = (UInt64.max, UInt64.min)
        for index in 0..<frames.count {
            first = min(first, frames[index].id)
            last = max(last, frames[index].id)
        }
        if first > latest { batchCount += 1 }
        latest = max(latest, last)
    }

    mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count where !frames[index].isGenerated {
            if case .delivered = frames[index].verdict { delivered.append(frames[index].id) }
        }
    }
}
