// A frame: where its bytes lie in the arena, and what has become of it. A small trivial value, so
// lists of frames pass from node to node while the bytes stay put. Its three numbers wrap rather than
// trap: a range that lies outside the arena is caught where its bytes are asked for.

import Wire

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

    /// The kinds of verdict.
    enum Fate: UInt8 {
        case pending, underlay, clients, link, delivered, consumed, dropped, held
    }

    @usableFromInline var start: UInt32
    @usableFromInline var count: UInt32
    @usableFromInline var wireCount: UInt32
    /// `.none` for the network.
    private var task: EndpointIndex
    /// The verdict, in two numbers that are compared and set without taking an enum apart.
    private(set) var fate = Fate.pending
    var origin = Origin.received
    private(set) var fateDetail: UInt32 = 0
    /// A number given by whoever fed the frame; copies of a frame keep it.
    public var id: UInt64
    /// When it was seen, in nanoseconds; errors about a frame carry the frame's.
    public var timestamp: UInt64 = 0
    /// The decision that sent the frame on its way; `.none` where none was needed.
    public var choice = Choice.none
    // Up to the 64th byte, for a copy whose tail overlaps makes whoever reads across it wait.
    private var unused: UInt16 = 0

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

    /// Becomes another frame, from the network and seen by no node yet. In place: what was written field
    /// by field and is read as a whole at once, the processor must wait for.
    public mutating func renew(
        offset: Int, byteCount: Int, wireByteCount: Int, id: UInt64, timestamp: UInt64
    ) {
        self.offset = offset
        self.byteCount = byteCount
        self.wireByteCount = wireByteCount
        task = .none
        (fate, fateDetail) = (.pending, 0)
        origin = .received
        self.id = id
        self.timestamp = timestamp
        choice = .none
    }

    public var verdict: Verdict {
        get {
            switch fate {
            case .pending: .pending
            case .underlay: .transmitted(.underlay(NodeIndex(Int(fateDetail))))
            case .clients: .transmitted(.clients)
            case .link: .transmitted(.link(LinkIndex(Int(fateDetail))))
            case .delivered: .delivered(EndpointIndex(rawValue: fateDetail))
            case .consumed: .consumed(Consumed(rawValue: UInt8(fateDetail)) ?? .neighbour)
            case .dropped: .dropped(Drop(rawValue: UInt8(fateDetail)) ?? .truncatedEthernet)
            case .held: .held
            }
        }
        set {
            switch newValue {
            case .pending: (fate, fateDetail) = (.pending, 0)
            case .transmitted(.underlay(let node)):
                (fate, fateDetail) = (.underlay, UInt32(node.rawValue))
            case .transmitted(.clients): (fate, fateDetail) = (.clients, 0)
            case .transmitted(.link(let link)):
                (fate, fateDetail) = (.link, UInt32(link.rawValue))
            case .delivered(let endpoint): (fate, fateDetail) = (.delivered, endpoint.rawValue)
            case .consumed(let kind): (fate, fateDetail) = (.consumed, UInt32(kind.rawValue))
            case .dropped(let reason): (fate, fateDetail) = (.dropped, UInt32(reason.rawValue))
            case .held: (fate, fateDetail) = (.held, 0)
            }
        }
    }

    /// The number of the node that it was sent to, if it was.
    @inline(__always)
    var underlayTarget: Int? { fate == .underlay ? Int(fateDetail) : nil }

    public var arrival: Arrival {
        get { task == .none ? .network : .task(task) }
        set { if case .task(let endpoint) = newValue { task = endpoint } else { task = .none } }
    }

    /// Made by the node itself: an ICMP error, or a fragment.
    public var isGenerated: Bool { origin == .generated }
    /// Came back after being held; counted as received when it first arrived.
    public var isReleased: Bool { origin == .released }

    /// First byte in the arena.
    @inlinable public var offset: Int {
        get { Int(start) }
        set { start = UInt32(truncatingIfNeeded: newValue) }
    }

    /// Bytes at hand.
    @inlinable public var byteCount: Int {
        get { Int(count) }
        set { count = UInt32(truncatingIfNeeded: newValue) }
    }

    /// Bytes the frame had on the wire; more than `byteCount` in a trace cut by a snap length.
    @inlinable public var wireByteCount: Int {
        get { Int(wireCount) }
        set { wireCount = UInt32(truncatingIfNeeded: newValue) }
    }

    /// The frame's bytes, to read.
    @inline(__always)
    @_lifetime(copy bytes)
    func window(in bytes: RawSpan) -> RawSpan { bytes.window(at: start, count: count) }

    /// The frame's bytes, to change.
    @inline(__always)
    @_lifetime(&bytes)
    func window(in bytes: inout MutableRawSpan) -> MutableRawSpan {
        bytes.window(at: start, count: count)
    }

    /// Asks for the line that holds a byte of the frame.
    @inline(__always)
    func prefetch(_ offset: Int, in bytes: RawSpan) {
        bytes.prefetch(at: Int(start) &+ offset)
    }

    /// Whether there is room for a tunnel's headers before the frame.
    @inline(__always)
    var hasHeadroom: Bool { start >= UInt32(TunnelHeader.byteCount) }

    /// The frame's bytes and those of a tunnel's headers before them, for which there must be room.
    @inline(__always)
    @_lifetime(&bytes)
    func roomyWindow(in bytes: inout MutableRawSpan) -> MutableRawSpan {
        let outer = UInt32(TunnelHeader.byteCount)
        return bytes.window(at: start &- outer, count: count &+ outer)
    }

    /// The frame's bytes in the arena.
    @inlinable public var range: Range<Int> { Int(start)..<Int(start) &+ Int(count) }

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

    /// Notes that a tunnel's headers to a node stand before it now, and that it ends with the packet.
    @inline(__always)
    mutating func wrap(innerByteCount: Int, to node: NodeIndex) {
        let outer = UInt32(TunnelHeader.byteCount)
        let inner = UInt32(truncatingIfNeeded: innerByteCount)
        start &-= outer
        count = min(count, inner) &+ outer
        wireCount = inner &+ outer
        (fate, fateDetail) = (.underlay, UInt32(node.rawValue))
    }

    /// Not judged, made or held by this node before.
    @inline(__always)
    var isWaiting: Bool { fate.rawValue | origin.rawValue == 0 }

    /// Came from a task of this node.
    @inline(__always)
    var isFromTask: Bool { task != .none }

    /// From the network, and not judged, made or held by this node before.
    @inline(__always)
    var isFresh: Bool { !isFromTask && isWaiting }

    /// Becomes the frame that the node it was sent to finds.
    @inline(__always)
    mutating func arrive() {
        (fate, fateDetail) = (.pending, 0)
        task = .none
        origin = .received
    }
}
