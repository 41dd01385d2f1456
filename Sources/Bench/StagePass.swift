// One stage of the mesh's work, gone through batch by batch on the nodes it belongs to.
//
// `cached`: the frames of a batch are copied into place right before, so their bytes are in the
// nearest caches, as they are behind a card that writes into cache. `streaming`: all frames are
// copied into place first and then worked through, so those of a trace larger than the caches come
// from memory. Copying is not timed. Invariant: every recorded frame of the stage is processed once
// in a pass, by its node, in order.

import Dataplane
import Wire

/// Where frames are when the clock starts.
public enum Placement: String, CaseIterable, Codable, Sendable {
    case cached, streaming
}

struct StagePass: ~Copyable, Measured {
    private let recording: Recording
    private let nodes: [BenchNode]
    private let placement: Placement
    private let frames: [RecordedFrame]
    private let batches: [Range<Int>]
    private var arena: FrameArena
    private var list = FrameList()
    /// The frames where they lie in the arena.
    private var placed: [Frame]

    /// What nodes may make beside the frames of a batch: errors, released fragments, pieces.
    private static let spareByteCount = 1 << 20

    init(
        _ stage: Stage, of recording: Recording, on nodes: [BenchNode], _ placement: Placement
    ) {
        self.init(recording.stages[stage.rawValue], of: recording, on: nodes, placement)
    }

    init(
        _ unsorted: [RecordedFrame], of recording: Recording, on nodes: [BenchNode],
        _ placement: Placement
    ) {
        self.recording = recording
        self.nodes = nodes
        self.placement = placement
        let frames = nodes.indices.flatMap { node in
            unsorted.filter { Int($0.node.rawValue) == node }
        }
        let batches = Self.batches(of: frames)
        (self.frames, self.batches) = (frames, batches)
        placed = frames.map(\.frame)
        let groups = placement == .streaming ? [frames.indices] : batches
        let largest = groups.map { Self.byteCount(of: frames[$0]) }.max() ?? 0
        arena = FrameArena(byteCapacity: largest + Self.spareByteCount)
    }

    /// Bytes that frames take in an arena, rounding included.
    private static func byteCount(of frames: ArraySlice<RecordedFrame>) -> Int {
        frames.reduce(0) { $0 + $1.frame.byteCount + Limits.headroomByteCount + 63 }
    }

    /// Full batches, each at one node.
    private static func batches(of frames: [RecordedFrame]) -> [Range<Int>] {
        var batches: [Range<Int>] = []
        var start = 0
        for index in 1..<max(frames.count + 1, 1) {
            let isEnd = index == frames.count || frames[index].node != frames[start].node
            guard isEnd || index - start == Limits.batchFrameCount else { continue }
            batches.append(start..<index)
            start = index
        }
        return batches
    }

    var isEmpty: Bool { frames.isEmpty }
    var byteCount: Int { frames.reduce(0) { $0 + $1.frame.byteCount } }

    mutating func pass(_ timing: inout Timing) {
        for node in nodes { node.advance() }
        if placement == .streaming { place(frames.indices) }
        for batch in batches {
            if placement == .cached { place(batch) }
            let mark = arena.usedByteCount
            list.removeAll()
            for index in batch { list.append(placed[index]) }
            let node = nodes[Int(frames[batch.lowerBound].node.rawValue)]
            let start = timing.begin()
            node.process(&list, in: &arena)
            timing.end(start, count: batch.count)
            arena.release(to: mark)
        }
    }

    /// Copies frames into an empty arena.
    private mutating func place(_ range: Range<Int>) {
        arena.removeAll()
        let recording = recording
        for index in range {
            let offset = arena.append(recording.bytes(of: frames[index].frame))
            precondition(offset != nil, "the arena was made for these frames")
            placed[index].offset = offset ?? 0
        }
    }
}
