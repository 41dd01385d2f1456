// A list of frames with a fixed capacity: the unit that `process` works on.
//
// Invariant: it never grows inside `process`. Besides the frames handed over it has room for as
// many again that the node makes or releases; what does not fit stays where it is.

public struct FrameList: Sendable {
    @usableFromInline var storage: [Frame]
    @usableFromInline var end = 0

    /// Room for `frameCount` frames to hand over, and for what processing adds to them.
    public init(frameCount: Int = Limits.batchFrameCount) {
        let blank = Frame(offset: 0, byteCount: 0, wireByteCount: 0, id: 0, arrival: .network)
        storage = [Frame](repeating: blank, count: Self.capacity(frameCount: frameCount))
    }

    /// Frames that a list has room for.
    static func capacity(frameCount: Int = Limits.batchFrameCount) -> Int {
        frameCount * 2 + Limits.heldFrameCountMax
    }

    @inlinable public var count: Int { end }
    @inlinable public var isEmpty: Bool { count == 0 }
    public var isFull: Bool { count == storage.count }
    /// Frames that still fit.
    public var freeCount: Int { storage.count &- count }

    public subscript(_ index: Int) -> Frame {
        @inline(__always)
        get {
            precondition(index < count)
            return storage[index]
        }
        @inline(__always)
        set {
            precondition(index < count)
            storage[index] = newValue
        }
    }

    /// Adds a frame; the list must not be full.
    @inlinable @inline(__always)
    public mutating func append(_ frame: Frame) {
        storage[end] = frame
        end &+= 1
    }

    @inlinable
    public mutating func removeAll() { end = 0 }

    /// Moves every frame that was sent over the underlay to the end of the list of the node that it
    /// was sent to, where it is a frame from the network again. What is beyond a batch there goes to
    /// the node's `waiting` frames instead. Whether there was any.
    public func forward(
        to lists: inout [FrameList], beyond waiting: inout [[Frame]], by routes: inout FrameRoutes
    ) -> Bool {
        let frames = storage.span.extracting(first: count)
        guard routes.note(frames) else { return false }
        for node in lists.indices {
            guard var route = routes.first(to: node) else { continue }
            lists[node].append(frames, along: &route, routes)
            while let index = routes.next(&route) {
                var frame = frames[index]
                frame.arrive()
                waiting[node].append(frame)
            }
        }
        return true
    }

    /// Adds the frames of a route, as long as there is room in a batch.
    private mutating func append(
        _ frames: Span<Frame>, along route: inout FrameRoutes.Route, _ routes: borrowing FrameRoutes
    ) {
        end = routes.copy(&route, of: frames, to: &storage, from: end)
    }
}
