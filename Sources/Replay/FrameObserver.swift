// Who watches frames pass. Called once for each node and round, so watching nothing costs nothing.
// Invariant: an observer sees every frame twice, as it arrived and as it was judged, in that order.

import Dataplane

public protocol FrameObserver: ~Copyable {
    /// Whether frames must be shown at all.
    var isWatching: Bool { get }
    /// The frames as they reached the node, before it changes any.
    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena)
    /// The same frames judged, and those that the node made or released.
    mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena)
    /// A batch is over: nothing is on the wire any more.
    mutating func settled()
}

extension FrameObserver where Self: ~Copyable {
    public mutating func settled() {}
}

/// Watches nothing.
public struct NoObserver: FrameObserver {
    public init() {}
    public var isWatching: Bool { false }
    public mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {}
    public mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {}
}
