// A frame: where its bytes lie in the arena, and what has become of it. A small trivial value, so
// lists of frames pass from node to node while the bytes stay put.

/// How a frame reached the node.
public enum Arrival: Hashable, Sendable {
    /// From the network: a client's packet, or VXLAN from another node.
    case network
    /// From a task of this node, by its endpoint.
    case task(EndpointIndex)
}

public struct Frame: Sendable {
    private var start: UInt32
    private var count: UInt32
    private var wireCount: UInt32
    public var arrival: Arrival
    public var verdict: Verdict = .pending
    /// Made by the node itself: an ICMP error, or a fragment.
    public var isGenerated = false
    /// Came back after being held; counted as received when it first arrived.
    public var isReleased = false
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
        self.arrival = arrival
    }

    /// First byte in the arena.
    public var offset: Int {
        get { Int(start) }
        set { start = UInt32(newValue) }
    }

    /// Bytes at hand.
    public var byteCount: Int {
        get { Int(count) }
        set { count = UInt32(newValue) }
    }

    /// Bytes the frame had on the wire; more than `byteCount` in a trace cut by a snap length.
    public var wireByteCount: Int {
        get { Int(wireCount) }
        set { wireCount = UInt32(newValue) }
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
        offset += byteCount
        self.byteCount -= byteCount
        wireByteCount -= byteCount
    }
}
