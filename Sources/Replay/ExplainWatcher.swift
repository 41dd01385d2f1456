// Watches one frame pass through the mesh, and keeps copies of its bytes before and after each node.
//
// Invariant: hops are in the order they happened, and belong to the watched frame: copies of a
// frame and the errors about it carry its number.

import Dataplane
import Wire

/// What one node did with the frame.
struct WatchedHop: Equatable {
    var node: NodeIndex
    /// As the frame was judged: verdict, choice, whether the node made it.
    var frame: Frame
    /// Empty for a frame that the node made or released.
    var before: [UInt8]
    var after: [UInt8]

    static func == (a: Self, b: Self) -> Bool {
        a.node == b.node && a.frame.verdict == b.frame.verdict && a.before == b.before
            && a.after == b.after
    }
}

struct FrameWatcher: FrameObserver {
    private let id: UInt64
    private(set) var hops: [WatchedHop] = []
    /// Of the watched frames that have arrived and are not judged yet: index and bytes.
    private var arrived: [(index: Int, bytes: [UInt8])] = []

    init(id: UInt64) { self.id = id }

    var isWatching: Bool { true }

    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        arrived.removeAll()
        for index in 0..<frames.count where frames[index].id == id {
            arrived.append((index, arena.bytes(of: frames[index]).copied))
        }
    }

    mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count where frames[index].id == id {
            let frame = frames[index]
            let before = arrived.first { $0.index == index }?.bytes ?? []
            let after = arena.bytes(of: frame).copied
            hops.append(WatchedHop(node: node, frame: frame, before: before, after: after))
        }
    }
}

extension RawSpan {
    /// The bytes as an array of their own.
    var copied: [UInt8] {
        var array = [UInt8](repeating: 0, count: byteCount)
        var target = array.rawBytes(at: 0, count: byteCount)
        target.copy(self, at: 0)
        return array
    }
}
