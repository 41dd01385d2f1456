// Where the frames of a list go: for each node a chain through the list, in order, so that each node's own
// list is opened once for all the frames it gets.
//
// Invariant: a chain starts at the node's cell, leads from frame to frame by their cells, and ends at the
// cell that `ends` names.

public struct FrameRoutes: Sendable {
    /// The way along a chain: the cell that names the next frame, and the last cell.
    struct Route {
        fileprivate var cell: Int
        fileprivate let end: Int
    }

    /// By node, and behind them by frame: the frame that comes next.
    private var cells: [UInt32]
    /// By node: the last cell of its chain. One more is of frames that go nowhere, so that nobody need
    /// ask which do: that cannot be predicted.
    private var ends: [Int]

    /// Room for the frames of a list, on their way to so many nodes.
    public init(nodeCount: Int) {
        cells = [UInt32](repeating: 0, count: nodeCount + 1 + FrameList.capacity())
        ends = [Int](repeating: 0, count: nodeCount + 1)
    }

    /// Notes where frames go; whether any goes anywhere.
    mutating func note(_ frames: Span<Frame>) -> Bool {
        // Only for a list that is longer than lists are.
        while cells.count < ends.count + frames.count { cells.append(0) }
        return chain(frames, &cells, &ends)
    }

    /// The chain of a node; nil if no frame goes there.
    func first(to node: Int) -> Route? {
        ends[node] == node ? nil : Route(cell: node, end: ends[node])
    }

    /// The next frame of a chain.
    @inline(__always)
    func next(_ route: inout Route) -> Int? {
        guard route.cell != route.end else { return nil }
        let index = Int(cells[route.cell])
        route.cell = ends.count &+ index
        return index
    }

    /// Copies frames of a chain, as those that the node finds, to the end of its list, as long as there
    /// is room in a batch; where the list ends then.
    func copy(
        _ route: inout Route, of frames: Span<Frame>, to list: inout [Frame], from count: Int
    ) -> Int {
        var list = list.mutableSpan
        var end = count
        while end < Limits.batchFrameCount, let index = next(&route) {
            list[end] = frames[index]
            list[end].arrive()
            end &+= 1
        }
        return end
    }
}

/// Chains the frames that are sent to nodes; whether there are any.
private func chain(_ frames: Span<Frame>, _ cells: inout [UInt32], _ ends: inout [Int]) -> Bool {
    var cells = cells.mutableSpan
    var ends = ends.mutableSpan
    for node in ends.indices { ends[node] = node }
    let nowhere = ends.count &- 1
    for index in frames.indices {
        let target = frames[index].underlayTarget ?? nowhere
        cells[ends[target]] = UInt32(truncatingIfNeeded: index)
        ends[target] = ends.count &+ index
    }
    for node in 0..<nowhere where ends[node] != node { return true }
    return false
}
