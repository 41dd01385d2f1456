// Keeps the packets of a flow in order although nodes work batch by batch.
//
// Frames that enter by one node stay in order; a request and its reply, or two packets of a flow
// that enter by different nodes, would not. So a batch runs in waves, one after another is over, and a
// packet that goes another way than the one of its flow before it joins the wave after that one's.
// Invariant: no packet of a flow is in an earlier wave than what preceded it in the trace, and all of them
// in one wave go the same way. Of a fragment the ports may not be told: it is in no earlier wave than anything
// before it, and what follows it may be in an earlier one. Flows are told apart by a hash: a collision makes
// a wave more and does no harm.

import Dataplane
import Wire

struct OrderGuard {
    /// Half full at most, and small enough to stay in the nearest cache.
    private static let slotCount = 2 * Limits.batchFrameCount

    /// Waves of a batch at most: as many as eight bits of a slot can tell.
    private static let waveCountMax: UInt64 = 256

    /// Each says, from the highest bit on, which batch it is of (what another batch left is empty), the way
    /// that the last packet of a flow goes in it, in which wave that is, and the flow's hash in 24 bits.
    private var slots = [UInt64](repeating: 0, count: slotCount)
    private var batch: UInt16 = 1
    private var count = 0
    private var lastWave: UInt64 = 0

    /// Notes a packet; the wave that it joins, or nil if the batch must run first. The packet is not changed:
    /// a copy of it would take longer than all this.
    mutating func admit(_ aimed: inout AimedPacket) -> Int? {
        let isReply = aimed.frame.arrival != .network
        let way = (aimed.node.rawValue &+ 1) << 1 | (isReply ? 1 : 0)
        let mixed = Self.flow(&aimed.sight, isReply: isReply)
        let mine = UInt64(batch) << 48 | UInt64(way) << 32 | mixed &>> 16 & Self.hashMask
        let index = Int(truncatingIfNeeded: mixed &>> 48) & (Self.slotCount &- 1)
        // A slot that is free is filled, and one that says the same is filled again: whether a flow was
        // seen before is not to be predicted, that the slot is one of the two nearly always is. It is
        // neither if it differs, but not in the batch; and that is one comparison.
        let difference = slots[index] ^ mine
        guard difference &- 1 >= Self.batchUnit &- 1, count < Limits.batchFrameCount,
            lastWave == 0 || !aimed.sight.isFragment
        else {
            return admit(mine, after: index, isFragment: aimed.sight.isFragment)
        }
        slots[index] = mine
        count &+= difference >= Self.batchUnit ? 1 : 0
        return 0
    }

    /// The lowest bit of a slot that tells batches apart.
    private static let batchUnit: UInt64 = 1 << 48

    private static let waveUnit: UInt64 = 1 << 24
    private static let hashMask: UInt64 = waveUnit - 1

    private mutating func admit(_ mine: UInt64, after first: Int, isFragment: Bool) -> Int? {
        var index = first
        var wave: UInt64 = 0
        while slots[index] ^ mine < Self.batchUnit {
            if (slots[index] ^ mine) & Self.hashMask == 0 {
                let isSameWay = (slots[index] ^ mine) >> 32 == 0
                let before = slots[index] / Self.waveUnit % Self.waveCountMax
                wave = isSameWay ? before : before + 1
                break
            }
            index = (index &+ 1) & (Self.slotCount &- 1)
        }
        if isFragment { wave = max(wave, lastWave) }
        guard wave < Self.waveCountMax else { return nil }
        if slots[index] ^ mine >= Self.batchUnit {
            // Whoever never ends a batch is told to.
            guard count < Limits.batchFrameCount else { return nil }
            count &+= 1
        }
        slots[index] = mine | wave * Self.waveUnit
        lastWave = max(lastWave, wave)
        return Int(wave)
    }

    /// Forgets the batch.
    mutating func reset() {
        (count, lastWave) = (0, 0)
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
