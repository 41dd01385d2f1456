// Goal: replies take the short way back and nothing but the time changes. Method: all that clients and tasks
// of a trace send, put before the nodes in the trace's order, request and reply mixed in one batch, part of
// it damaged by seed or sent again by another task; with the short way and without it every frame at every
// node, byte for byte, every verdict and every counter must be the same.

import Dataplane
import Mesh
import Replay
import Testing
import Wire

@Suite struct ShortReplyTests {
    @Test(
        arguments: [
            ("web", "real.pcap"), ("dual-stack", "dual-stack.pcap"),
            ("bench", "generated-mixed.pcap"),
        ], [false, true])
    func `conversations pass alike with and without it`(
        fixture: (stack: String, trace: String), straight: Bool
    ) throws {
        var cluster = try Replaying.cluster(fixture.stack)
        if straight { cluster.settings.replyPath = .direct }
        var feed = FeedObserver()
        try Replaying.replay(
            bundled("traces/\(fixture.trace)"), through: cluster, ReplayOptions(), &feed)
        let fed = feed.inOrder
        let endpointCount = Compilation(cluster).program(for: NodeID(0)).endpoints.count
        var mutation = ShortWayTests.mutation(of: cluster, straight ? 7 : 8)
        var (frames, places): ([RawFrame], [Place]) = ([], [])
        // Once as it was, so that flows are known, and twice more, with damage.
        for pass in 0..<3 {
            for item in fed {
                var place = item.place
                var frame = RawFrame(item.bytes, at: 0)
                if pass > 0, mutation.random.next() % 4 == 0 {
                    if case .task = place.arrival, mutation.random.next() % 5 == 0 {
                        let other = Int(mutation.random.next() % UInt64(endpointCount))
                        place.arrival = .task(EndpointIndex(other))
                    } else {
                        frame = mutation.apply(item.bytes)
                    }
                }
                frames.append(frame)
                places.append(place)
            }
        }
        let short = ShortWayTests.run(frames, at: places, cluster, usesShortWay: true)
        let long = ShortWayTests.run(frames, at: places, cluster, usesShortWay: false)
        #expect(short.observer.firstDifference(from: long.observer) == nil)
        #expect(short.counters == long.counters)
        #expect(short.holds && long.holds)
        // Enough came back, and enough did not, for the comparison to mean something.
        let ledger = short.counters.reduce(into: Ledger()) { $0 += $1.ledger }
        #expect(Int(ledger.transmittedToClients) > fed.count / 2)
        #expect(ledger[.noFlow] > 10 && ledger[.spoofedSource] > 10)
    }
}

/// Keeps what is put before nodes from outside: clients' packets and tasks'.
private struct FeedObserver: FrameObserver {
    private(set) var fed: [(id: UInt64, place: Place, bytes: [UInt8])] = []

    var isWatching: Bool { true }
    var inOrder: [(id: UInt64, place: Place, bytes: [UInt8])] { fed.sorted { $0.id < $1.id } }

    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count {
            let bytes = arena.bytes(of: frames[index])
            let isTunnelled = bytes.byteCount > 38 && bytes.u8(23) == 17 && bytes.u16(36) == 4_789
            guard !isTunnelled else { continue }
            fed.append(
                (
                    frames[index].id, Place(node, frames[index].arrival),
                    (0..<bytes.byteCount).map { bytes.u8($0) }
                ))
        }
    }

    mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {}
}
