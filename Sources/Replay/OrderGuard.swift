// Keeps the packets of a flow in order although nodes work batch by batch.
//
// Frames that enter by one node stay in order; a request and its reply, or two packets of a flow
// that enter by different nodes, would not. Invariant: all packets of a flow in one batch go the
// same way, so no node sees one of them before what preceded it in the trace. Flows are told apart
// by a hash: a collision ends a batch early and does no harm.

import Dataplane
import Wire

struct OrderGuard {
    /// So many that two of a batch's 256 flows seldom share one: that would end it early.
    private static let slotCount = 1 << 16
    /// The way that flows of a slot go in this batch; zero for none yet.
    private var ways = [UInt16](repeating: 0, count: slotCount)
    private var touched: [Int] = []

    init() { touched.reserveCapacity(Limits.batchFrameCount) }

    /// Notes a frame and says whether it may join the batch; if not, the batch must run first.
    mutating func admit(_ sight: PacketSight, _ frame: Frame, at node: NodeIndex) -> Bool {
        let isReply = frame.arrival != .network
        let way = (node.rawValue &+ 1) << 1 | (isReply ? 1 : 0)
        let slot = slot(of: sight, isReply: isReply)
        guard ways[slot] != way else { return true }
        guard ways[slot] == 0 else { return false }
        ways[slot] = way
        touched.append(slot)
        return true
    }

    /// Forgets the batch.
    mutating func reset() {
        for slot in touched { ways[slot] = 0 }
        touched.removeAll(keepingCapacity: true)
    }

    /// By the client's address and port, or, where ports cannot be read, by its address alone.
    private func slot(of sight: PacketSight, isReply: Bool) -> Int {
        guard let client = isReply ? sight.destination : sight.source else { return 0 }
        let port = isReply ? sight.destinationPort : sight.sourcePort
        let mixed =
            (client.high ^ client.low ^ UInt64(port.rawValue) << 48) &* 0x9e37_79b9_7f4a_7c15
        return Int(mixed >> 48) & (Self.slotCount - 1)
    }
}
