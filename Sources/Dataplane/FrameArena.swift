// The memory that the frames of a batch live in.
//
// One block of bytes, each frame with room before it for an outer header, so wrapping and unwrapping
// move an offset and copy nothing. Invariant: every frame's range, headroom included, lies inside
// the arena and overlaps no other frame's; and a frame starts with a cache line, so that its headers lie
// in one line, and an outer header in the one before.

import Wire

public struct FrameArena: ~Copyable {
    @usableFromInline var bytes: [UInt8]
    /// Bytes altogether, at hand where the memory need not be asked.
    @usableFromInline let capacity: Int
    /// Bytes before the first line.
    private let lead: Int
    @usableFromInline var used: Int

    /// An arena of `byteCapacity` bytes, at least enough for one frame of any permitted length.
    public init(byteCapacity: Int = 1 << 20) {
        let least = Limits.frameByteCountMax + Limits.headroomByteCount + 64
        let bytes = [UInt8](repeating: 0, count: max(byteCapacity, least))
        lead = bytes.span.raw.byteCountBeforeLine
        used = lead
        capacity = bytes.count
        self.bytes = bytes
    }

    /// First byte not yet given to a frame.
    @inlinable public var usedByteCount: Int { used }

    /// Bytes not yet given to a frame.
    @inlinable public var freeByteCount: Int { capacity &- used }

    /// The frame's bytes, to read.
    @_lifetime(borrow self)
    public func bytes(of frame: Frame) -> RawSpan { bytes(in: frame.range) }

    /// The bytes of a frame that lies there.
    @inlinable @inline(__always)
    @_lifetime(borrow self)
    public func bytes(in range: Range<Int>) -> RawSpan { bytes.span.raw.extracting(range) }

    /// The frame's bytes, to change.
    @_lifetime(&self)
    public mutating func mutableBytes(of frame: Frame) -> MutableRawSpan {
        bytes.rawBytes(at: frame.offset, count: frame.byteCount)
    }

    /// Sets bytes aside for a frame of `byteCount`, headroom before it; nil when they do not fit.
    @inlinable @inline(__always)
    public mutating func reserve(_ byteCount: Int) -> Int? {
        Self.reserve(byteCount, of: capacity, &used)
    }

    /// Copies `source` into the arena, `prefix` bytes left free before it for a link header that
    /// the caller writes; nil when it does not fit.
    @inlinable @inline(__always)
    public mutating func append(_ source: RawSpan, prefix: Int = 0) -> Int? {
        let byteCount = prefix &+ source.byteCount
        guard let offset = reserve(byteCount) else { return nil }
        var target = bytes.rawBytes(at: offset, count: byteCount)
        target.copy(source, at: prefix)
        return offset
    }

    /// Takes back everything set aside since `usedByteCount` was `mark`.
    public mutating func release(to mark: Int) {
        precondition(mark <= used)
        used = mark
    }

    /// Forgets every frame.
    public mutating func removeAll() { used = lead }

    /// The one rule of placement: headroom, then the frame, and the next on a cache line of its own, if
    /// `used` is where one starts.
    @inlinable @inline(__always)
    static func reserve(_ byteCount: Int, of capacity: Int, _ used: inout Int) -> Int? {
        let offset = used &+ Limits.headroomByteCount
        guard byteCount <= Limits.frameByteCountMax, capacity &- offset >= byteCount else {
            return nil
        }
        used = min(offset &+ (byteCount &+ 63) & ~63, capacity)
        return offset
    }
}
