// Later fragments of replies that came before their first one, which alone tells whose reply they are:
// kept until it comes, as the data plane keeps those of requests.
//
// Invariant: bounded memory. A fragment is given back after its first one, with the number and time that it
// came with, in the order in which they came; or it is given up, when its time is over or there is no room.

import Dataplane
import Wire

struct WaitingFragments {
    struct Fragment {
        let key: FragmentKey
        let id: UInt64
        let timestamp: UInt64
        let wireByteCount: Int
        let bytes: [UInt8]
    }

    private var waiting: [Fragment] = []
    private var byteCount = 0
    /// Those whose first fragment has come, the next one last.
    private var released: [Fragment] = []

    private static let countMax = 1_024
    private static let byteCountMax = 4 << 20

    /// The length of the fragment that is to be taken next; nil without any.
    var nextByteCount: Int? { released.last?.bytes.count }

    /// Keeps a copy of a frame, if there is room.
    mutating func hold(_ frame: Frame, _ bytes: RawSpan, of key: FragmentKey) {
        if !hasRoom(bytes.byteCount) { giveUp(at: frame.timestamp) }
        guard hasRoom(bytes.byteCount) else { return }
        byteCount += bytes.byteCount
        var copy: [UInt8] = []
        copy.append(bytes)
        waiting.append(
            Fragment(
                key: key, id: frame.id, timestamp: frame.timestamp,
                wireByteCount: frame.wireByteCount,
                bytes: copy))
    }

    func contains(_ key: FragmentKey) -> Bool { waiting.contains { $0.key == key } }

    /// Makes the fragments of a datagram those to be taken, but for what is too old to be of it.
    mutating func release(_ key: FragmentKey, at time: UInt64) {
        let found = waiting.filter {
            $0.key == key && FragmentAims.belong($0.timestamp, time)
        }
        keep { $0.key != key }
        released = found.reversed()
    }

    mutating func takeNext() -> Fragment? { released.popLast() }

    private func hasRoom(_ frameByteCount: Int) -> Bool {
        waiting.count < Self.countMax && byteCount + frameByteCount <= Self.byteCountMax
    }

    private mutating func giveUp(at time: UInt64) {
        keep { FragmentAims.belong($0.timestamp, time) }
    }

    private mutating func keep(_ isKept: (Fragment) -> Bool) {
        waiting.removeAll { !isKept($0) }
        byteCount = waiting.reduce(0) { $0 + $1.bytes.count }
    }
}
