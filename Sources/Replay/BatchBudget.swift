// How much the frames of a batch may still make of themselves: packets too long for an overlay are cut
// by the node they enter, and what is cut off needs places in a list and bytes in the arena.
//
// Invariant: if every pending packet is cut, all pieces find room, so a packet is never dropped for
// want of it; the first packet of a batch is let in whatever it needs.

import Dataplane
import Mesh

struct BatchBudget {
    /// The longest packet that every overlay carries whole.
    private let mtu: Int
    private var pieceCount = 0
    private var byteCount = 0

    /// Pieces that a list has room for beside a whole batch.
    private static let pieceCountMax = Limits.batchFrameCount
    /// Kept free for ICMP errors and released fragments.
    private static let otherByteCount = 256 * 1024
    /// Ethernet, two tags and the longest IPv4 header, which each piece has of its own.
    private static let headerByteCount = 14 + 8 + 60

    init(_ cluster: Cluster) { self.init(mtu: cluster.networks.map(\.mtu).min() ?? 0) }

    init(mtu: Int) { self.mtu = mtu }

    /// Whether a packet may join the batch, of which the arena has `freeByteCount` left.
    @inline(__always)
    func admits(_ packetByteCount: Int, freeByteCount: Int) -> Bool {
        let (pieces, bytes) = need(packetByteCount)
        let own = packetByteCount &+ 2 &* Limits.headroomByteCount
        return pieceCount &+ pieces <= Self.pieceCountMax
            && byteCount &+ bytes &+ own &+ Self.otherByteCount <= freeByteCount
    }

    @inline(__always)
    mutating func add(_ packetByteCount: Int) {
        let (pieces, bytes) = need(packetByteCount)
        pieceCount &+= pieces
        byteCount &+= bytes
    }

    /// Forgets the batch.
    mutating func reset() { (pieceCount, byteCount) = (0, 0) }

    @inline(__always)
    private func need(_ packetByteCount: Int) -> (pieces: Int, bytes: Int) {
        packetByteCount <= mtu ? (0, 0) : cut(packetByteCount)
    }

    @inline(never)
    private func cut(_ packetByteCount: Int) -> (pieces: Int, bytes: Int) {
        let step = max((mtu - 60) & ~7, 8)
        let pieces = packetByteCount / step
        return (pieces, pieces * (mtu + Self.headerByteCount + 2 * Limits.headroomByteCount))
    }
}
