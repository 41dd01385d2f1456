// A frame: where its bytes lie in the arena, and what has become of it. A small trivial value, so
// lists of frames pass from node to node while the bytes stay put. Its three numbers wrap rather than
// trap: a range that lies outside the arena is caught where its bytes are asked for.

/// How a frame reached the node.
public enum Arrival: Hashable, Sendable {
    /// From the network: a client's packet, or VXLAN from another node.
    case network
    /// From a task of this node, by its endpoint.
    case task(EndpointIndex)
}

public struct Frame: Sendable {
    /// How the frame came to be before the node.
    enum Origin: UInt8 {
        case received, generated, released
    }

    private var start: UInt32
    private var count: UInt32
    private var wireCount: UInt32
    /// `.none` for the network.
    private var task: EndpointIndex
    public var verdict: Verdict = .pending
    var origin = Origin.received
    /// A number given by whoever fed the frame; copies of a frame keep it.
    public var id: UInt64
    /// When it was seen, in nanoseconds; errors about a frame carry the frame's.
    public var timestamp: UInt64 = 0
    /// The decision that sent the frame on its way; `.none` where none was needed.
    public var choice = Choice.none

    /// A frame of `byteCount` bytes at `offset` of the arena that had `wireByteCount` on the wire.
    /// No number may exceed 32 bits.
    public init(
        offset: Int, byteCount: Int, wireByteCount: Int, id: UInt64, arrival: Arrival
    ) {
        start = UInt32(offset)
        count = UInt32(byteCount)
        wireCount = UInt32(wireByteCount)
        self.id = id
        if case .task(let endpoint) = arrival { task = endpoint } else { task = .none }
    }

    public var arrival: Arrival {
        get { task == .none ? .network : .task(task) }
        set { if case .task(let endpoint) = newValue { task = endpoint } else { task = .none } }
    }

    /// Made by the node itself: an ICMP error, or a fragment.
    public var isGenerated: Bool { origin == .generated }
    /// Came back after being held; counted as received when it first arrived.
    public var isReleased: Bool { origin == .released }

    /// First byte in the arena.
    public var offset: Int {
        get { Int(start) }
        set { start = UInt32(truncatingIfNeeded: newValue) }
    }

    /// Bytes at hand.
    public var byteCount: Int {
        get { Int(count) }
        set { count = UInt32(truncatingIfNeeded: newValue) }
    }

    /// Bytes the frame had on the wire; more than `byteCount` in a trace cut by a snap length.
    public var wireByteCount: Int {
        get { Int(wireCount) }
        set { wireCount = UInt32(truncatingIfNeeded: newValue) }
    }

    /// The frame's bytes in the arena.
    public var range: Range<Int> { Int(start)..<Int(start) &+ Int(count) }

    /// Leaves `count` bytes at most.
    mutating func trim(to limit: Int) {
        byteCount = min(byteCount, limit)
        wireByteCount = min(wireByteCount, limit)
    }

    /// Takes `count` bytes off the front, or with a negative count puts some before it.
    mutating func advance(_ byteCount: Int) {
        let step = UInt32(truncatingIfNeeded: byteCount)
        start &+= step
        count &-= step
        wireCount &-= step
    }

    /// The frame's bytes and room for a tunnel's headers before them; nil where there is none.
    @inline(__always)
    var roomyRange: Range<Int>? {
        guard start >= UInt32(TunnelHeader.byteCount) else { return nil }
        return Int(start) &- TunnelHeader.byteCount..<Int(start) &+ Int(count)
    }

    /// Notes that a tunnel's headers to a node stand before it, and nothing behind its first bytes.
    @inline(__always)
    mutating func wrap(keeping limit: Int, to node: NodeIndex) {
        trim(to: limit)
        advance(-TunnelHeader.byteCount)
        verdict = .transmitted(.underlay(node))
    }

    /// From the network, and not judged, made or held by this node before.
    @inline(__always)
    var isFresh: Bool {
        guard case .pending = verdict else { return false }
        return task == .none && origin == .received
    }

    /// The frame as the node that it was sent to finds it.
    @inline(__always)
    consuming func arriving() -> Frame {
        verdict = .pending
        task = .none
        origin = .received
        return self
    }
}
