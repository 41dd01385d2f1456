// The mesh as a replay runs it: frames are put in front of the nodes that the trace aims them at, and
// rounds are run until nothing is on the wire. One packet of the trace counts once, however many
// nodes it crosses.
//
// The first pass ends batches where they ended in the replay that was recorded, so no packet overtakes
// another of its flow and every flow is remembered as the trace says. From then on batches are full:
// a replay of both directions of few flows ends them after a few packets, which no card would do, and
// it would be the replay's order that is measured. Invariant: every pass puts every frame in once;
// time goes on by a millisecond for each.

import Dataplane
import Mesh
import Replay

struct MeshPass: ~Copyable, Measured {
    private(set) var runner: MeshRunner
    private let recording: Recording
    private let frames: [RecordedFrame]
    private let ends: [Int]
    private var isFirst = true
    private var now: UInt64
    private var observer = NoObserver()

    /// Only the fed frames for which `isIncluded` go through.
    init(
        _ cluster: Cluster, _ recording: Recording, now: UInt64,
        isIncluded: (RecordedFrame) -> Bool = { _ in true }
    ) {
        self.recording = recording
        self.now = now
        runner = MeshRunner(cluster)
        var frames: [RecordedFrame] = []
        var ends: [Int] = []
        var start = 0
        for end in recording.fedEnds {
            frames += recording.fed[start..<end].filter(isIncluded)
            if frames.count > ends.last ?? 0 { ends.append(frames.count) }
            start = end
        }
        self.frames = frames
        self.ends = ends
    }

    var packetCount: Int { frames.count }

    mutating func pass(_ timing: inout Timing) {
        now &+= 1_000_000
        if isFirst {
            var start = 0
            for end in ends {
                run(start..<end, &timing)
                start = end
            }
        } else {
            for start in stride(from: 0, to: frames.count, by: Limits.batchFrameCount) {
                run(start..<min(start + Limits.batchFrameCount, frames.count), &timing)
            }
        }
        isFirst = false
    }

    /// Runs a batch, or as many as the arena has no room for in one.
    private mutating func run(_ batch: Range<Int>, _ timing: inout Timing) {
        var pending = batch.lowerBound
        for index in batch where !put(frames[index]) {
            run(&timing, count: index - pending)
            pending = index
            _ = put(frames[index])
        }
        run(&timing, count: batch.upperBound - pending)
    }

    private mutating func run(_ timing: inout Timing, count: Int) {
        let start = timing.begin()
        runner.run(now: now, observer: &observer) { 0 }
        timing.end(start, count: count)
        runner.reclaim()
    }

    /// Copies a frame into the arena and puts it in front of its node; false if there is no room.
    private mutating func put(_ frame: RecordedFrame) -> Bool {
        let recording = recording
        let bytes = recording.bytes(of: frame.frame)
        let offset = runner.withArena { $0.append(bytes) }
        guard let offset else { return false }
        var placed = frame.frame
        placed.offset = offset
        runner.put(placed, at: frame.node)
        return true
    }
}
