// The frames that a trace puts in front of each node, kept as they arrived, so that one half of the
// mesh's work can be gone through again and again by itself.
//
// It watches one replay. Invariant: a frame that was fed is in `fed` once and in the stage it was for
// once; a frame that came over the underlay is in one stage once; the order at each node is kept.

import Dataplane
import Replay
import Wire

/// A frame whose bytes lie in a recording, and the node it arrived at.
struct RecordedFrame: Sendable {
    var frame: Frame
    var node: NodeIndex
}

/// Frames of one stage or of all that was fed, with the bytes of all of them.
struct Recording: Sendable {
    var bytes: [UInt8] = []
    /// By `Stage`.
    var stages = Stage.allCases.map { _ in [RecordedFrame]() }
    var fed: [RecordedFrame] = []
    /// Ends of the batches that were fed, as indices into `fed`.
    var fedEnds: [Int] = []

    @_lifetime(borrow self)
    func bytes(of frame: Frame) -> RawSpan { bytes.span.raw.extracting(frame.range) }
}

public struct FrameRecorder: FrameObserver {
    /// Offsets in a recording have 32 bits.
    private static let byteCountMax = Int(UInt32.max) - Limits.frameByteCountMax

    private(set) var recording = Recording()
    /// More frames came than can be kept.
    public private(set) var isFull = false
    /// Frames at hand that will be sorted by what becomes of them.
    private var unsorted: [(position: Int, frame: RecordedFrame)] = []
    /// By id: whether the frame has been seen, so that it comes over the underlay now.
    private var isSeen: [Bool] = []
    private var lastNode = -1
    /// Frames of the batch that is open; zero when the next one fed begins another.
    private var batchCount = 0

    public init() {}

    public var isWatching: Bool { true }

    public mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        if Int(node.rawValue) <= lastNode { batchCount = 0 }
        lastNode = Int(node.rawValue)
        for index in 0..<frames.count {
            let frame = frames[index]
            guard let kept = keep(frame, arena, at: node) else { continue }
            if see(frame.id) {
                batchCount = 0
                unsorted.append((index, kept))
            } else {
                feed(kept)
                let stage: Stage = frame.arrival == .network ? .entry : .replyOwner
                recording.stages[stage.rawValue].append(kept)
            }
        }
    }

    public mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for (position, frame) in unsorted {
            let isReply = frames[position].verdict == .transmitted(.clients)
            let stage: Stage = isReply ? .replyEntry : .owner
            recording.stages[stage.rawValue].append(frame)
        }
        unsorted.removeAll(keepingCapacity: true)
    }

    /// A copy of a frame, in the recording; nil when the recording is full.
    private mutating func keep(
        _ frame: Frame, _ arena: borrowing FrameArena, at node: NodeIndex
    ) -> RecordedFrame? {
        guard recording.bytes.count < Self.byteCountMax else {
            isFull = true
            return nil
        }
        var kept = frame
        kept.offset = recording.bytes.count
        recording.bytes.append(arena.bytes(of: frame))
        return RecordedFrame(frame: kept, node: node)
    }

    /// Whether a frame has been seen; it has now.
    private mutating func see(_ id: UInt64) -> Bool {
        let index = Int(truncatingIfNeeded: id)
        if index >= isSeen.count {
            isSeen.append(contentsOf: repeatElement(false, count: index + 1 - isSeen.count))
        }
        defer { isSeen[index] = true }
        return isSeen[index]
    }

    /// Adds a frame to the batch that is fed. A batch ends where a node comes again or frames come over
    /// the underlay: those before have been judged by then.
    private mutating func feed(_ frame: RecordedFrame) {
        if batchCount == 0 || batchCount == Limits.batchFrameCount {
            if !recording.fed.isEmpty { recording.fedEnds.append(recording.fed.count) }
            batchCount = 0
        }
        batchCount += 1
        recording.fed.append(frame)
    }

    /// Ends the recording.
    consuming func finish() -> Recording {
        if !recording.fed.isEmpty { recording.fedEnds.append(recording.fed.count) }
        return recording
    }
}
