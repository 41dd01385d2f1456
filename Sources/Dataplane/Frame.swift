// Frames and the memory they live in.
//
// One arena holds the bytes of a whole batch, each frame with room before it for an outer header,
// so wrapping and unwrapping move an offset and copy nothing. A frame is a small trivial value that
// says where its bytes are; lists of frames pass from node to node while the bytes stay put.
// Invariant: every frame's range, headroom included, lies inside the arena.

import Wire

/// How a frame reached the node.
public enum Arrival: Hashable, Sendable {
    /// From the network: a client's packet, or VXLAN from another node.
    case network
    /// From a task of this node, by its endpoint.
    case task(EndpointIndex)
}

/// One frame: where its bytes lie, and what has become of it.
public struct Frame: Sendable {
    /// First byte in the arena.
    public var offset: Int
    /// Bytes at hand.
    public var byteCount: Int
    /// Bytes the frame had on the wire; more than `byteCount` in a trace cut by a snap length.
    public var wireByteCount: Int
    /// A number given by whoever fed the frame; copies of a frame keep it.
    public var id: UInt64
    /// When it was seen, in nanoseconds; errors about a frame carry the frame's.
    public var timestamp: UInt64 = 0
    public var arrival: Arrival
    /// Made by the node itself: an ICMP error.
    public var isGenerated = false
    /// Came back after being held; counted as received when it first arrived.
    public var isReleased = false
    public var verdict: Verdict = .pending
    /// The decision that sent the frame on its way; nil where none was needed.
    public var choice: Choice?

    public init(
        offset: Int, byteCount: Int, wireByteCount: Int, id: UInt64, arrival: Arrival
    ) {
        self.offset = offset
        self.byteCount = byteCount
        self.wireByteCount = wireByteCount
        self.id = id
        self.arrival = arrival
    }

    /// Takes `count` bytes off the front, or with a negative count puts some before it.
    mutating func advance(_ count: Int) {
        offset &+= count
        byteCount &-= count
        wireByteCount &-= count
    }

    /// Leaves `count` bytes at most.
    mutating func trim(to count: Int) {
        byteCount = min(byteCount, count)
        wireByteCount = min(wireByteCount, count)
    }

    @inlinable public var end: Int { offset &+ byteCount }
}

/// The bytes of a batch of frames.
public struct FrameArena: ~Copyable {
    var bytes: [UInt8]
    /// First byte not yet given to a frame.
    public private(set) var usedByteCount = 0

    /// An arena of `byteCapacity` bytes, at least enough for one frame of any permitted length.
    public init(byteCapacity: Int = 1 << 20) {
        let least = Limits.frameByteCountMax + Limits.headroomByteCount
        bytes = [UInt8](repeating: 0, count: max(byteCapacity, least))
    }

    /// Bytes not yet given to a frame.
    public var freeByteCount: Int { bytes.count - usedByteCount }

    /// The frame's bytes, to read.
    @_lifetime(borrow self)
    public func bytes(of frame: Frame) -> RawSpan {
        bytes.span.raw.extracting(frame.offset..<frame.end)
    }

    /// Copies `source` into the arena, `prefix` bytes left free before it for a link header that
    /// the caller writes; nil when it does not fit.
    public mutating func append(_ source: RawSpan, prefix: Int = 0) -> Int? {
        guard let offset = reserve(prefix + source.byteCount) else { return nil }
        withMutableBytes { $0.copy(source, at: offset + prefix) }
        return offset
    }

    /// All the bytes, to change.
    public mutating func withMutableBytes<Result>(
        _ body: (inout MutableRawSpan) -> Result
    ) -> Result {
        var span = bytes.mutableSpan
        var raw = span.raw
        return body(&raw)
    }

    /// Sets bytes aside for a frame of `byteCount`, headroom before it; nil when they do not fit.
    public mutating func reserve(_ byteCount: Int) -> Int? {
        let offset = usedByteCount + Limits.headroomByteCount
        guard byteCount <= Limits.frameByteCountMax, bytes.count - offset >= byteCount else {
            return nil
        }
        // The next frame starts on a cache line of its own.
        usedByteCount = min((offset + byteCount + 63) & ~63, bytes.count)
        return offset
    }

    /// The frame's bytes, to change.
    @_lifetime(&self)
    public mutating func mutableBytes(of frame: Frame) -> MutableRawSpan {
        bytes.rawBytes(at: frame.offset, count: frame.byteCount)
    }

    /// Takes back everything set aside since `usedByteCount` was `mark`.
    public mutating func release(to mark: Int) {
        precondition(mark <= usedByteCount)
        usedByteCount = mark
    }

    /// Copies bytes from one place of the arena to another.
    mutating func copyBytes(from source: Int, count: Int, to target: Int) {
        withMutableBytes { $0.move(count, from: source, to: target) }
    }

    /// Forgets every frame.
    public mutating func removeAll() { usedByteCount = 0 }
}
