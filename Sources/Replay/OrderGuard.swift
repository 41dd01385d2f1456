// Keeps the packets of a flow in order although nodes work batch by batch.
//
// Frames that enter by one node stay in order; a request and its reply, or two packets of a flow
// that enter by different nodes, would not. Invariant: all packets of a flow in one batch go the
// same way, so no node sees one of them before what preceded it in the trace. Flows are told apart
// by a hash: a collision ends a batch early and does no harm.

import Dataplane
import Wire

struct OrderGuard {
    /// A quarter full at most, and small enough to stay in the nearest cache.
    private static let slotCount = 4 * Limits.batchFrameCount

    private struct Slot {
        /// Of the flow.
        var hash: UInt32 = 0
        /// That its packets go in the batch.
        var way: UInt16 = 0
        /// What another batch left is empty.
        var batch: UInt16 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: slotCount)
    private var batch: UInt16 = 1
    private var count = 0

    /// Notes a packet and says whether it may join the batch; if not, the batch must run first. The
    /// packet is not changed: a copy of it would take longer than all this.
    mutating func admit(_ aimed: inout AimedPacket) -> Bool {
        let isReply = aimed.frame.arrival != .network
        let way = (aimed.node.rawValue &+ 1) << 1 | (isReply ? 1 : 0)
        let mixed = Self.flow(&aimed.sight, isReply: isReply)
        let hash = UInt32(truncatingIfNeeded: mixed &>> 16)
        var index = Int(truncatingIfNeeded: mixed &>> 48) & (Self.slotCount &- 1)
        while slots[index].batch == batch {
            if slots[index].hash == hash { return slots[index].way == way }
            index = (index &+ 1) & (Self.slotCount &- 1)
        }
        // Whoever never ends a batch is told to.
        guard count < Limits.batchFrameCount else { return false }
        slots[index] = Slot(hash: hash, way: way, batch: batch)
        count &+= 1
        return true
    }

    /// Forgets the batch.
    mutating func reset() {
        count = 0
        batch &+= 1
        guard batch == 0 else { return }
        slots = [Slot](repeating: Slot(), count: Self.slotCount)
        batch = 1
    }

    /// By the client's address and port, or, where ports cannot be read, by its address alone.
    @inline(__always)
    private static func flow(_ sight: inout PacketSight, isReply: Bool) -> UInt64 {
        guard let client = isReply ? sight.destination : sight.source else { return 0 }
        let port = isReply ? sight.destinationPort : sight.sourcePort
        return (client.high ^ client.low ^ UInt64(port.rawValue) << 48) &* 0x9e37_79b9_7f4a_7c15
    }
}
