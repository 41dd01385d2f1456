// Takes a digest of everything that passes: every frame as it reaches a node and as it leaves it, with
// its bytes, its lengths, its verdict and the decision behind it. Two runs are alike when their lists
// of digests are; the first difference says which packet, at which node.
//
// The digest is FNV-1a's step over words of 64 bits, each turned so that high bits matter too.

import Dataplane
import Replay
import Wire

struct Digest: Equatable, Sendable {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01b3
        value = value << 29 | value >> 35
    }

    mutating func add(_ number: Int) { add(UInt64(truncatingIfNeeded: number)) }

    mutating func add(_ bytes: RawSpan) {
        add(bytes.byteCount)
        let wordCount = bytes.byteCount / 8
        for index in 0..<wordCount { add(bytes.u64(index * 8)) }
        for index in wordCount * 8..<bytes.byteCount { add(UInt64(bytes.u8(index))) }
    }

    mutating func add(_ frame: Frame) {
        add(frame.id)
        add(frame.timestamp)
        add(frame.wireByteCount)
        add((frame.isGenerated ? 1 : 0) | (frame.isReleased ? 2 : 0))
        if case .task(let endpoint) = frame.arrival { add(Int(endpoint.rawValue) + 1) }
        add(frame.choice)
        switch frame.verdict {
        case .pending: add(0x100)
        case .transmitted(.underlay(let node)): add(0x200 | UInt64(node.rawValue) << 16)
        case .transmitted(.clients): add(0x300)
        case .transmitted(.link(let link)): add(0x800 | UInt64(link.rawValue) << 16)
        case .delivered(let endpoint): add(0x400 | UInt64(endpoint.rawValue) << 16)
        case .consumed(let kind): add(0x500 | UInt64(kind.rawValue) << 16)
        case .dropped(let drop): add(0x600 | UInt64(drop.rawValue) << 16)
        case .held: add(0x700)
        }
    }

    private mutating func add(_ choice: Choice) {
        add(choice.hash)
        add(UInt64(choice.service.rawValue) << 32 | UInt64(choice.slot))
        add(UInt64(choice.endpoint.rawValue) << 16 | UInt64(choice.target.rawValue))
    }
}

struct DigestObserver: FrameObserver {
    struct Entry: Equatable {
        var id: UInt64
        var node: NodeIndex
        var isJudged: Bool
        var digest: Digest
    }

    private(set) var entries: [Entry] = []
    /// How frames ended, for a test to see that it looked at enough.
    private(set) var drops = [Int](repeating: 0, count: Drop.allCases.count)
    private(set) var deliveredCount = 0
    private(set) var tunnelledCount = 0

    var isWatching: Bool { true }

    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count { note(frames[index], at: node, false, arena) }
    }

    mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count {
            note(frames[index], at: node, true, arena)
            switch frames[index].verdict {
            case .dropped(let drop): drops[Int(drop.rawValue)] += 1
            case .delivered: deliveredCount += 1
            case .transmitted(.underlay): tunnelledCount += 1
            default: break
            }
        }
    }

    private mutating func note(
        _ frame: Frame, at node: NodeIndex, _ isJudged: Bool, _ arena: borrowing FrameArena
    ) {
        var digest = Digest()
        digest.add(Int(node.rawValue))
        digest.add(frame)
        digest.add(arena.bytes(of: frame))
        entries.append(Entry(id: frame.id, node: node, isJudged: isJudged, digest: digest))
    }

    /// Where two runs part; nil if they are alike.
    func firstDifference(from other: Self) -> String? {
        for (a, b) in zip(entries, other.entries) where a != b {
            let moment = a.isJudged ? "leaving" : "reaching"
            return "packet \(a.id) \(moment) node \(a.node.rawValue)"
        }
        return entries.count == other.entries.count
            ? nil : "\(entries.count) frames and \(other.entries.count)"
    }
}
