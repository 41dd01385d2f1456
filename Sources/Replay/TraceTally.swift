// What a replay read of a trace, whether a mesh or a director is put in front of it.
//
// Time is the trace's, moved on by as much as the passes before took. Invariant: every packet read is
// counted once, and once more under the reason if it was passed over.

import Capture

public struct TraceTally: Equatable, Sendable {
    public var packetCount: UInt64 = 0
    /// Bytes that the packets had on the wire.
    public var byteCount: UInt64 = 0
    /// By `Skip.allCases` order.
    public var skipped = [UInt64](repeating: 0, count: Skip.allCases.count)
    /// Put in with another source or destination than they had; counted for a director only.
    public var aimedCount: UInt64 = 0
    /// Of the first packet and the last, in nanoseconds since 1970.
    public var first: UInt64?
    public var last: UInt64 = 0

    public subscript(_ skip: Skip) -> UInt64 {
        get { skipped[Skip.allCases.firstIndex(of: skip) ?? 0] }
        set { skipped[Skip.allCases.firstIndex(of: skip) ?? 0] = newValue }
    }

    /// Counts a packet as read; `time` is the one it is replayed at.
    mutating func count(_ record: PacketRecord, at time: UInt64) {
        packetCount &+= 1
        byteCount &+= UInt64(record.originalByteCount)
        if first == nil { first = time }
        last = max(last, time)
    }

    /// What to add to time stamps, so that a pass over the trace follows those before, from zero on.
    func timeShift(ofPass pass: UInt64) -> UInt64 {
        guard pass > 0, let first else { return 0 }
        return last &- first &+ 1_000_000
    }
}
