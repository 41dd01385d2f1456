// Goal: the short way of the data plane is nothing but faster. Method: the same packets through a mesh
// that has it and one that has not, and one that looks ahead for tables; every frame at every node,
// byte for byte, every verdict, every decision and every counter must be the same. First whole traces,
// then 100,000 frames of them damaged by seed, among them what strangers and nodes wrap in VXLAN.

import Dataplane
import Mesh
import Replay
import Testing
import Wire

@Suite struct ShortWayTests {
    @Test(arguments: Fixture.all)
    func `a trace passes alike with and without it`(fixture: Fixture) throws {
        let cluster = try fixture.cluster()
        for policy in [EntryPolicy.address, .roundRobin] {
            let options = ReplayOptions(policy: policy, remaps: fixture.remaps)
            var (short, long) = (DigestObserver(), DigestObserver())
            let with = try Replaying.replay(
                fixture.path, through: cluster, options, usesShortWay: true, &short)
            let without = try Replaying.replay(
                fixture.path, through: cluster, options, usesShortWay: false, &long)
            #expect(short.firstDifference(from: long) == nil)
            #expect(with.report == without.report)
            #expect(short.deliveredCount > 0)
        }
    }

    @Test(arguments: 0..<4)
    func `damaged frames pass alike with and without it`(part: Int) throws {
        let cluster = try Replaying.cluster(part % 2 == 0 ? "web" : "bench")
        let traces = part % 2 == 0 ? ["real.pcap", "malformed.pcap"] : ["generated-mixed.pcap"]
        let bases = try Self.bases(traces, cluster)
        let frames = Self.damaged(bases, cluster, count: 25_000, seed: UInt64(part) + 0x5eed)
        let short = Self.run(frames, cluster, usesShortWay: true)
        let long = Self.run(frames, cluster, usesShortWay: false)
        let ahead = Self.run(frames, cluster, usesShortWay: true, looksAhead: true)
        #expect(short.observer.firstDifference(from: long.observer) == nil)
        #expect(ahead.observer.firstDifference(from: long.observer) == nil)
        #expect(short.counters == long.counters && ahead.counters == long.counters)
        #expect(short.holds && long.holds && ahead.holds)
        // Enough got through, and enough did not, for the comparison to mean something.
        #expect(short.observer.deliveredCount > 2_000)
        #expect(short.observer.tunnelledCount > 1_000)
        #expect(short.observer.drops.count { $0 > 0 } >= 20)
    }

    @Test(arguments: [UInt8(6), 17])
    func `every transport checksum passes alike with and without it`(proto: UInt8) throws {
        let cluster = try Replaying.cluster("web")
        let port: UInt16 = proto == 6 ? 8080 : 5353
        let offset = proto == 6 ? 50 : 40
        let base = try Self.bases(["real.pcap"], cluster).first { bytes in
            word(bytes, 12) == 0x0800 && bytes[14] == 0x45 && bytes[23] == proto
                && word(bytes, 36) == port && bytes.count < 120
        }
        var bytes = try #require(base)
        let frames = (0...0xffff as ClosedRange<UInt16>).map { checksum in
            put(&bytes, offset, checksum)
            return RawFrame(bytes, at: 0)
        }
        let short = Self.run(frames, cluster, usesShortWay: true)
        let long = Self.run(frames, cluster, usesShortWay: false)
        #expect(short.observer.firstDifference(from: long.observer) == nil)
        #expect(short.observer.deliveredCount == 65_536)
    }

    @Test func `packets that prove too big only when their task is known pass alike among others`()
        throws
    {
        let cluster = try Replaying.cluster("web")
        let bases = try Self.bases(["real.pcap"], cluster).filter { bytes in
            word(bytes, 12) == 0x0800 && bytes[14] == 0x45 && bytes[23] == 6
                && word(bytes, 36) == 8080 && bytes.count < 200
        }
        #expect(bases.count > 10)
        let frames = (0..<2_000).map { index in
            var bytes = bases[index % bases.count]
            // Whole runs of them, some alone, and most frames none.
            if index % 7 == 0 || (600..<900).contains(index) {
                bytes += [UInt8](repeating: 0, count: 14 + 1_500 - bytes.count)
                put(&bytes, 16, 1_500)
                put(&bytes, 24, 0)
                put(&bytes, 24, Checksum.of(bytes.span.raw.extracting(14..<34)))
            }
            return RawFrame(bytes, at: 0)
        }
        let short = Self.run(frames, cluster, usesShortWay: true)
        let long = Self.run(frames, cluster, usesShortWay: false)
        #expect(short.observer.firstDifference(from: long.observer) == nil)
        #expect(short.counters == long.counters)
        #expect(short.observer.drops[Int(Drop.packetTooBig.rawValue)] > 200)
        #expect(short.observer.deliveredCount > 1_000)
    }

    @Test func `the comparison notices a single byte and a single length`() throws {
        let cluster = try Replaying.cluster("web")
        let bases = try Self.bases(["real.pcap"], cluster)
        var frames = Self.damaged(bases, cluster, count: 300, seed: 1)
        let before = Self.run(frames, cluster, usesShortWay: true)
        frames[200].bytes[frames[200].bytes.count - 1] ^= 1
        let byte = Self.run(frames, cluster, usesShortWay: true)
        #expect(byte.observer.firstDifference(from: before.observer) != nil)
        frames[200].bytes[frames[200].bytes.count - 1] ^= 1
        frames[200].wireByteCount += 1
        let length = Self.run(frames, cluster, usesShortWay: true)
        #expect(length.observer.firstDifference(from: before.observer) != nil)
    }
}

extension ShortWayTests {
    struct Run {
        var observer: DigestObserver
        /// Everything the mesh counted, node by node.
        var counters: [Counters]
        var holds: Bool
    }

    struct Counters: Equatable {
        var ledger: Ledger
        var services: [FlowTraffic]
        var endpoints: [FlowTraffic]
        var local: UInt64
        var remote: UInt64
    }

    /// Sends frames in batches through all nodes in turn, or each where `places` says, a millisecond
    /// between batches.
    static func run(
        _ frames: [RawFrame], at places: [Place] = [], _ cluster: Cluster, usesShortWay: Bool,
        looksAhead: Bool? = nil
    ) -> Run {
        var runner = MeshRunner(
            cluster, flowCountMax: 1 << 14, usesShortWay: usesShortWay, looksAhead: looksAhead)
        var observer = DigestObserver()
        var number: UInt64 = 0
        for start in stride(from: 0, to: frames.count, by: 128) {
            for frame in frames[start..<min(start + 128, frames.count)] {
                number += 1
                let offset = runner.withArena { $0.append(frame.bytes.span.raw) }
                guard let offset else { continue }
                let place =
                    places.isEmpty
                    ? Place(NodeIndex(Int(number) % runner.nodeCount), .network)
                    : places[Int(number) - 1]
                let made = Frame(
                    offset: offset, byteCount: frame.bytes.count,
                    wireByteCount: frame.wireByteCount, id: number, arrival: place.arrival)
                runner.put(made, at: place.node)
            }
            runner.run(now: number * 1_000_000 / 128, observer: &observer, clock: { 0 })
            runner.reclaim()
        }
        let counters = (0..<runner.nodeCount).map { node in
            let node = NodeIndex(node)
            return Counters(
                ledger: runner.ledger(of: node), services: runner.services(of: node),
                endpoints: runner.endpoints(of: node), local: runner.hops.local,
                remote: runner.hops.remote)
        }
        return Run(observer: observer, counters: counters, holds: runner.checkInvariants())
    }

    /// Frames to start from: those that clients sent, and those that nodes sent one another.
    private static func bases(_ traces: [String], _ cluster: Cluster) throws -> [[UInt8]] {
        var bases: [[UInt8]] = []
        for trace in traces {
            let path = bundled("traces/\(trace)")
            bases += try TraceFile.read(path).prefix(4_000).map(\.frame.bytes)
            var underlay = UnderlayObserver()
            try Replaying.replay(path, through: cluster, ReplayOptions(), &underlay)
            bases += underlay.frames.prefix(2_000)
        }
        return bases.filter { $0.count >= 42 && $0.count <= 1_600 }
    }

    private static func damaged(
        _ bases: [[UInt8]], _ cluster: Cluster, count: Int, seed: UInt64
    ) -> [RawFrame] {
        var mutation = mutation(of: cluster, seed)
        return (0..<count).map { _ in
            mutation.apply(bases[Int(mutation.random.next() % UInt64(bases.count))])
        }
    }

    static func mutation(of cluster: Cluster, _ seed: UInt64) -> Mutation {
        let program = Compilation(cluster).program(for: NodeID(0))
        return Mutation(
            random: SplitMix64(state: seed),
            ports: cluster.services.flatMap(\.ports).map(\.published.rawValue),
            vteps: program.peers.map { $0.vtep.mappedIPv4.rawValue },
            nodeMACs: program.peers.map(\.mac.rawValue),
            endpointMACs: program.endpoints.map(\.mac.rawValue)
                + program.peers.map(\.ingressMAC.rawValue))
    }
}

/// Where a frame reaches the mesh.
struct Place {
    var node: NodeIndex
    var arrival: Arrival

    init(_ node: NodeIndex, _ arrival: Arrival) { (self.node, self.arrival) = (node, arrival) }
}

/// Keeps what nodes sent over the underlay.
struct UnderlayObserver: FrameObserver {
    private(set) var frames: [[UInt8]] = []

    var isWatching: Bool { true }

    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {}

    mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count {
            guard case .transmitted(.underlay) = frames[index].verdict else { continue }
            let bytes = arena.bytes(of: frames[index])
            self.frames.append((0..<bytes.byteCount).map { bytes.u8($0) })
        }
    }
}
