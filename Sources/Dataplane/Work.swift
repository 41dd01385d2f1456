// What the stages share while one node judges one list of frames: the bytes, the frames, the time.
//
// It borrows the arena for the length of the call, so a stage reaches a frame's bytes with one
// bounds check and no reference counting. Invariant: what a stage changes lies inside the frame it
// was given, its headroom included, or inside bytes it reserved.

import Wire

struct Work: ~Copyable, ~Escapable {
    private var bytes: MutableRawSpan
    private(set) var usedByteCount: Int
    var frames: FrameList
    /// Nanoseconds on the caller's clock.
    let now: UInt64

    @_lifetime(&bytes)
    init(_ bytes: inout MutableRawSpan, used: Int, _ frames: consuming FrameList, now: UInt64) {
        self.bytes = bytes.tail(from: 0)
        usedByteCount = used
        self.frames = frames
        self.now = now
    }

    /// Gives the frames back.
    consuming func finish() -> FrameList { frames }

    var seconds: UInt32 { UInt32(truncatingIfNeeded: now / 1_000_000_000) }
    var freeByteCount: Int { bytes.byteCount - usedByteCount }

    /// The frame's bytes, to read.
    @inline(__always)
    @_lifetime(borrow self)
    func bytes(of frame: Frame) -> RawSpan { bytes.bytes.extracting(frame.range) }

    /// The frame's bytes, to change.
    @inline(__always)
    @_lifetime(&self)
    mutating func mutableBytes(of frame: Frame) -> MutableRawSpan {
        bytes._mutatingExtracting(frame.range)
    }

    /// Sets bytes aside for a frame; nil when they do not fit.
    mutating func reserve(_ byteCount: Int) -> Int? {
        FrameArena.reserve(byteCount, of: bytes.byteCount, &usedByteCount)
    }

    /// Copies a frame from elsewhere; nil when it does not fit.
    mutating func append(_ source: RawSpan) -> Int? {
        guard let offset = reserve(source.byteCount) else { return nil }
        bytes.copy(source, at: offset)
        return offset
    }

    /// Copies bytes from one place of the arena to another.
    mutating func copyBytes(from source: Int, count: Int, to target: Int) {
        bytes.move(count, from: source, to: target)
    }

    /// Sets the Ethernet addresses of a frame.
    @inline(__always)
    mutating func readdress(_ frame: Frame, source: MACAddress, destination: MACAddress) {
        var bytes = mutableBytes(of: frame)
        guard var ethernet = MutableEthernetHeader(&bytes) else { return }
        ethernet.setSource(source)
        ethernet.setDestination(destination)
    }
}
