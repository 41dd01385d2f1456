// Keeps the packets of a flow in order although nodes work batch by batch.
//
// Frames that enter by one node stay in order; a request and its reply, or two packets of a flow
// that enter by different nodes, would not. Invariant: all packets of a flow in one batch go the
// same way, so no node sees one of them before what preceded it in the trace. Flows are told apart
// by a hash: a collision ends a batch early and does no harm.

import Dataplane
import Wire

struct OrderGuard {
    /// Half full at most, and small enough to stay in the nearest cache.
    private static let slotCount = 2 * Limits.batchFrameCount

    /// Each says, from the highest bit on, which batch it is of (what another batch left is empty), the way
    /// that a flow's packets go in it, and the flow's hash in half a word.
    private var slots = [UInt64](repeating: 0, count: slotCount)
    private var batch: UInt16 = 1
    private var count = 0

    /// Notes a packet and says whether it may join the batch; if not, the batch must run first. The
    /// packet is not changed: a copy of it would take longer than all this.
    mutating func admit(_ aimed: inout AimedPacket) -> Bool {
        let isReply = aimed.frame.arrival != .network
        let way = (aimed.node.rawValue &+ 1) << 1 | (isReply ? 1 : 0)
        let mixed = Self.flow(&aimed.sight, isReply: isReply)
        let hash = UInt32(truncatingIfNeeded: mixed &>> 16)
        let mine = UInt64(batch) << 48 | UInt64(way) << 32 | UInt64(hash)
        let index = Int(truncatingIfNeeded: mixed &>> 48) & (Self.slotCount &- 1)
        // A slot that is free is filled, and one that says the same is filled again: whether a flow was
        // seen before is not to be predicted, that the slot is one of the two nearly always is. It is
        // neither if it differs, but not in the batch; and that is one comparison.
        let difference = slots[index] ^ mine
        guard difference &- 1 >= Self.batchUnit &- 1, count < Limits.batchFrameCount else {
            return admit(mine, after: index)
        }
        slots[index] = mine
        count &+= difference >= Self.batchUnit ? 1 : 0
        return true
    }

    /// The lowest bit of a slot that tells batches apart.
    private static let batchUnit: UInt64 = 1 << 48

    private mutating func admit(_ mine: UInt64, after first: Int) -> Bool {
        var index = first
        while slots[index] ^ mine < Self.batchUnit {
            if UInt32(truncatingIfNeeded: slots[index] ^ mine) == 0 { return slots[index] == mine }
            index = (index &+ 1) & (Self.slotCount &- 1)
        }
        // Whoever never ends a batch is told to.
        guard count < Limits.batchFrameCount else { return false }
        slots[index] = mine
        count &+= 1
        return true
    }

    /// Forgets the batch.
    mutating func reset() {
        count = 0
        batch &+= 1
        guard batch == 0 else { return }
        slots = [UInt64](repeating: 0, count: Self.slotCount)
        batch = 1
    }

    /// By the client's address and port, or, where ports cannot be read, by its address alone. An ICMP error
    /// is of the flow that it quotes a packet of, which went the other way: routers send errors about many
    /// flows.
    @inline(__always)
    private static func flow(_ sight: inout PacketSight, isReply: Bool) -> UInt64 {
        if let quoted = sight.quoted {
            return isReply
                ? flow(quoted.source, quoted.sourcePort)
                : flow(quoted.destination, quoted.destinationPort)
        }
        guard let client = isReply ? sight.destination : sight.source else { return 0 }
        return flow(client, isReply ? sight.destinationPort : sight.sourcePort)
    }

    @inline(__always)
    private static func flow(_ client: IPv6Address, _ port: Port) -> UInt64 {
        (client.high ^ client.low ^ UInt64(port.rawValue) << 48) &* 0x9e37_79b9_7f4a_7c15
    }
}
