// Goal: what a replay sees of most packets at one glance, it sees as it sees all others. Method: whole
// traces, once as they are and once with a tag in each frame, which takes the longer look; every packet must
// enter by the same node, as the same side's, and end at the same task, captured whole or cut anywhere
// around the headers.

import Dataplane
import Mesh
import Replay
import Testing
import Wire

@Suite struct GlanceTests {
    @Test(arguments: [("bench", "generated-mixed.pcap"), ("web", "malformed.pcap")])
    func `a tag changes nothing of where a packet goes`(stack: String, trace: String) throws {
        let cluster = try Replaying.cluster(stack)
        let whole = try Self.frames(bundled("traces/\(trace)"))
        for byteCount in [.max, 41, 42, 47, 48, 54] {
            let frames = whole.map {
                RawFrame(
                    Array($0.bytes.prefix(byteCount)), at: $0.nanoseconds,
                    wireByteCount: $0.wireByteCount)
            }
            let plain = try Self.replay(frames, cluster)
            let tagged = try Self.replay(frames.map(Self.tagged), cluster)
            #expect(plain.skipped == tagged.skipped)
            let differing = frames.indices.map { UInt64($0 + 1) }.filter {
                plain.observer.entries[$0] != tagged.observer.entries[$0]
                    || plain.observer.isRequest[$0] != tagged.observer.isRequest[$0]
                    || plain.observer.endpoint($0) != tagged.observer.endpoint($0)
            }
            #expect(differing.isEmpty, "packets \(differing) of \(byteCount) bytes")
            #expect(Set(plain.observer.entries.values).count > 1)
        }
    }

    /// Frames that fit the overlay beside a tag, and have none.
    private static func frames(_ path: String) throws -> [RawFrame] {
        try TraceFile.read(path).map(\.frame).filter {
            $0.bytes.count >= 34 && $0.wireByteCount <= 1_400
                && !EtherType(rawValue: word($0.bytes, 12)).isTag
        }
    }

    private static func tagged(_ frame: RawFrame) -> RawFrame {
        var frame = frame
        frame.bytes.insert(contentsOf: [0x81, 0, 0, 5], at: 12)
        frame.wireByteCount += 4
        return frame
    }

    private static func replay(
        _ frames: [RawFrame], _ cluster: Cluster
    ) throws -> (observer: FateObserver, skipped: [UInt64]) {
        var observer = FateObserver(Compilation(cluster).program(for: NodeID(0)))
        let skipped = try withDirectory { directory in
            try TraceFile.write(frames, to: "\(directory)/trace.pcap")
            return try Replaying.replay(
                "\(directory)/trace.pcap", through: cluster, ReplayOptions(policy: .hash),
                &observer
            ).tally.skipped
        }
        return (observer, skipped)
    }
}
