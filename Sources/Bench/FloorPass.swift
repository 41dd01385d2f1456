// The floor over the same frames: what an entry and an owner must do at the least, in C.
//
// The one file here that says `unsafe`, for the C functions take pointers. What makes it true: each
// offset lies in the arena with `weft_floor_headroom` bytes before it and `weft_floor_least` behind
// it, which is all that they touch. Invariant: frames are placed as `StagePass` places its own.

import CFloor
import Dataplane
import Wire

/// Which half of the floor.
enum FloorHalf: CaseIterable {
    case entry, owner

    var name: String { self == .entry ? "floor, entry" : "floor, owner" }
}

struct FloorPass: ~Copyable, Measured {
    private let recording: Recording
    private let frames: [RecordedFrame]
    private let half: FloorHalf
    private let placement: Placement
    private var arena: [UInt8] = []
    private var offsets: [UInt32] = []
    private var used = 0

    init(_ half: FloorHalf, of recording: Recording, _ placement: Placement) {
        self.recording = recording
        self.half = half
        self.placement = placement
        frames = recording.stages[Stage.entry.rawValue]
        offsets.reserveCapacity(max(frames.count, Limits.batchFrameCount))
        weft_floor_prepare()
    }

    mutating func pass(_ timing: inout Timing) {
        if placement == .streaming { prepare(frames.indices) }
        var start = 0
        while start < frames.count {
            let batch = start..<min(start + Limits.batchFrameCount, frames.count)
            if placement == .cached { prepare(batch) }
            let first = placement == .cached ? 0 : start
            let begun = timing.begin()
            run(half, from: first, count: batch.count)
            timing.end(begun, count: batch.count)
            start = batch.upperBound
        }
    }

    /// Copies frames into place; the owner's half finds them as the entry's leaves them.
    private mutating func prepare(_ range: Range<Int>) {
        used = 0
        offsets.removeAll(keepingCapacity: true)
        let recording = recording
        for frame in frames[range] { place(recording.bytes(of: frame.frame)) }
        if half == .owner { run(.entry, from: 0, count: offsets.count) }
    }

    private mutating func place(_ bytes: RawSpan) {
        let offset = used + Limits.headroomByteCount
        used = (offset + max(bytes.byteCount, weft_floor_least) + 63) & ~63
        if used > arena.count {
            arena.append(contentsOf: repeatElement(0, count: max(used, arena.count)))
        }
        var target = arena.rawBytes(at: offset, count: bytes.byteCount)
        target.copy(bytes, at: 0)
        offsets.append(UInt32(offset))
    }

    @inline(never)
    private mutating func run(_ half: FloorHalf, from first: Int, count: Int) {
        precondition(first + count <= offsets.count && used <= arena.count)
        unsafe arena.withUnsafeMutableBufferPointer { arena in
            unsafe offsets.withUnsafeBufferPointer { offsets in
                guard let bytes = arena.baseAddress, let places = offsets.baseAddress else {
                    return
                }
                switch half {
                case .entry: unsafe weft_floor_enter(bytes, places + first, count)
                case .owner: unsafe weft_floor_deliver(bytes, places + first, count)
                }
            }
        }
    }
}
