// Fragments on their way to being datagrams again, as the kernel's queues hold them (net/ipv4/
// ip_fragment.c, net/ipv6/netfilter/nf_conntrack_reasm.c, net/ipv4/inet_fragment.c).
//
// Invariant: memory is fixed at `Limits.reassemblyBlockCount` blocks, whatever arrives. The fragments
// of a datagram are in order and do not overlap: one that overlaps in part ends the datagram
// (RFC 5722), one that brings nothing new is dropped.

import Wire

/// A fragment as it lies in a frame, with offsets from the start of the frame.
struct FragmentPlace {
    /// Of its data in the datagram's.
    var offset: Int
    var more: Bool
    /// Of its data in the frame.
    var data: Range<Int>
    /// Of the whole IP packet that carries it.
    var packetByteCount: Int
    var dontFragment: Bool
    var trafficClass: UInt8
    var recordedRoute: Int
    var mark: UInt32
}

/// What came of a fragment.
enum ReassemblyOutcome {
    case kept
    /// All are there: the datagram's place in the table.
    case whole(Int)
    case drop(Drop)
}

struct ReassemblyTable: ~Copyable {
    struct Datagram {
        fileprivate(set) var key: DatagramKey
        fileprivate var expires: UInt32
        /// The fragments in order of their offsets.
        fileprivate var first: Int
        fileprivate(set) var byteCount = 0
        fileprivate var keptByteCount = 0
        fileprivate var hasLast = false
        /// The largest packet that carried a fragment, and the largest of those with DF.
        fileprivate(set) var packetByteCountMax = 0
        fileprivate(set) var dontFragmentByteCountMax = 0
        /// One bit for each congestion codepoint seen.
        fileprivate var codepoints: UInt8 = 0
        /// In the first fragment: where an address was entered in a record route option.
        fileprivate(set) var recordedRoute = 0
        /// The first fragment's, which alone has ports to be marked by.
        fileprivate(set) var mark: UInt32 = 0
        /// In its bucket.
        fileprivate var next = none
    }

    private struct Fragment {
        var offset = 0
        /// Of the bytes before its data, kept for the first one's sake.
        var headByteCount = 0
        var dataByteCount = 0
        var block = none
        var next = none
        /// It came when the one before it was the last, and starts where that ends.
        var continuesRun = false

        var end: Int { offset &+ dataByteCount }
    }

    fileprivate static let none = -1
    private static let bucketCount = 256

    private var datagrams: [Datagram?]
    private var freeDatagrams: [Int]
    private var buckets = [Int](repeating: none, count: bucketCount)
    private var fragments: [Fragment]
    private var freeFragments: [Int]
    private var bytes: [UInt8]
    /// The block that follows in a fragment or among the free ones.
    private var nextBlock: [Int]
    private var freeBlock = 0
    private(set) var freeBlockCount: Int
    private var nextSweep: UInt32 = 0

    init() {
        let count = Limits.reassemblyBlockCount
        datagrams = [Datagram?](repeating: nil, count: Limits.reassemblyDatagramCountMax)
        freeDatagrams = Array(datagrams.indices.reversed())
        fragments = [Fragment](repeating: Fragment(), count: count)
        freeFragments = Array(fragments.indices.reversed())
        bytes = [UInt8](repeating: 0, count: count * Limits.reassemblyBlockByteCount)
        nextBlock = (0..<count).map { $0 + 1 < count ? $0 + 1 : Self.none }
        freeBlockCount = count
    }

    /// Datagrams that are not whole yet.
    var count: Int { datagrams.count - freeDatagrams.count }

    subscript(_ index: Int) -> Datagram? { datagrams[index] }

    /// Takes a fragment in; `frame` ends with it.
    mutating func insert(
        _ frame: RawSpan, _ place: FragmentPlace, of key: DatagramKey, now: UInt32
    ) -> ReassemblyOutcome {
        if now >= nextSweep { sweep(now: now) }
        guard let index = find(key) ?? open(key, now: now) else {
            return .drop(.fragmentHoldFull)
        }
        guard var datagram = datagrams[index] else { return .drop(.badFragment) }
        let isSound = datagram.extend(by: place)
        guard isSound, !place.data.isEmpty else {
            // A lie about the end ends an IPv4 datagram; in IPv6 only the liar is dropped, and an
            // empty last fragment still tells the end.
            datagrams[index] = datagram
            if key.source.isIPv4Mapped || datagram.first == Self.none && !isSound { remove(index) }
            return .drop(.badFragment)
        }
        switch fit(place, in: datagram) {
        case .known: return .drop(.badFragment)
        case .overlapping:
            remove(index)
            return .drop(.badFragment)
        case .behind(let previous):
            guard let fragment = store(frame, place) else {
                if datagram.first == Self.none { remove(index) }
                return .drop(.fragmentHoldFull)
            }
            datagram.note(place)
            if previous == Self.none {
                fragments[fragment].next = datagram.first
                datagram.first = fragment
            } else {
                let next = fragments[previous].next
                fragments[fragment].next = next
                fragments[fragment].continuesRun =
                    next == Self.none && fragments[previous].end == place.offset
                fragments[previous].next = fragment
            }
        }
        datagrams[index] = datagram
        return datagram.isWhole ? .whole(index) : .kept
    }

    /// Ends the datagram of which a fragment cannot be one.
    mutating func abandon(_ key: DatagramKey) {
        if let index = find(key) { remove(index) }
    }

    /// Bytes before the data of a datagram's first fragment: its headers.
    func headByteCount(of index: Int) -> Int {
        guard let datagram = datagrams[index] else { return 0 }
        return fragments[datagram.first].headByteCount
    }

    /// Writes down how long the fragments of a datagram are; how many they are, or 0 if too many.
    func list(_ index: Int, into pieces: inout [UInt16]) -> Int {
        guard let datagram = datagrams[index] else { return 0 }
        var current = datagram.first
        var count = 0
        while current != Self.none {
            guard count < pieces.count else { return 0 }
            pieces[count] = UInt16(truncatingIfNeeded: fragments[current].dataByteCount)
            count &+= 1
            current = fragments[current].next
        }
        return count
    }

    /// Writes the first fragment's headers and all data to bytes that were set aside at `offset`, and
    /// forgets the datagram.
    mutating func take(_ index: Int, to offset: Int, _ work: inout Work) {
        guard let datagram = datagrams[index] else { return }
        let headByteCount = fragments[datagram.first].headByteCount
        var current = datagram.first
        while current != Self.none {
            let fragment = fragments[current]
            let skip = current == datagram.first ? 0 : fragment.headByteCount
            let target = offset &+ (skip == 0 ? 0 : headByteCount &+ fragment.offset)
            copy(fragment, from: skip, to: target, &work)
            current = fragment.next
        }
        remove(index)
    }

    /// Every block, fragment and datagram is free or in use once. For tests.
    func checkInvariants() -> Bool {
        var blockCount = 0
        var fragmentCount = 0
        for datagram in datagrams {
            guard let datagram else { continue }
            var current = datagram.first
            var end = 0
            while current != Self.none {
                guard fragments[current].offset >= end else { return false }
                end = fragments[current].end
                var block = fragments[current].block
                while block != Self.none {
                    blockCount += 1
                    block = nextBlock[block]
                }
                fragmentCount += 1
                current = fragments[current].next
            }
        }
        return blockCount + freeBlockCount == nextBlock.count
            && fragmentCount + freeFragments.count == fragments.count
    }
}

extension ReassemblyTable {
    private enum Fit {
        case known, overlapping
        /// After this fragment.
        case behind(Int)
    }

    /// Where a fragment belongs among those that are there. What it is compared with are runs: of
    /// fragments that came one after the other, each where the one before it ends.
    private func fit(_ place: FragmentPlace, in datagram: Datagram) -> Fit {
        let end = place.offset &+ place.data.count
        var previous = Self.none
        var current = datagram.first
        while current != Self.none, fragments[current].offset < end {
            let start = fragments[current].offset
            var last = current
            var next = fragments[current].next
            while next != Self.none, fragments[next].continuesRun {
                last = next
                next = fragments[next].next
            }
            if fragments[last].end > place.offset {
                let isKnown = start <= place.offset && fragments[last].end >= end
                return isKnown ? .known : .overlapping
            }
            previous = last
            current = next
        }
        return .behind(previous)
    }

    private func find(_ key: DatagramKey) -> Int? {
        var index = buckets[Self.bucket(key)]
        while index != Self.none, let datagram = datagrams[index] {
            if datagram.key == key { return index }
            index = datagram.next
        }
        return nil
    }

    private mutating func open(_ key: DatagramKey, now: UInt32) -> Int? {
        guard let index = freeDatagrams.popLast() else { return nil }
        let bucket = Self.bucket(key)
        let timeout =
            key.source.isIPv4Mapped
            ? Limits.fragmentTimeoutSeconds : Limits.fragmentTimeoutSeconds6
        var datagram = Datagram(key: key, expires: now &+ timeout, first: Self.none)
        datagram.next = buckets[bucket]
        datagrams[index] = datagram
        buckets[bucket] = index
        return index
    }

    /// Ends a datagram.
    private mutating func remove(_ index: Int) {
        guard let datagram = datagrams[index] else { return }
        let bucket = Self.bucket(datagram.key)
        if buckets[bucket] == index {
            buckets[bucket] = datagram.next
        } else {
            var previous = buckets[bucket]
            while let other = datagrams[previous], other.next != index { previous = other.next }
            datagrams[previous]?.next = datagram.next
        }
        var current = datagram.first
        while current != Self.none {
            let next = fragments[current].next
            releaseBlocks(from: fragments[current].block)
            freeFragments.append(current)
            current = next
        }
        datagrams[index] = nil
        freeDatagrams.append(index)
    }

    /// Ends the datagrams whose time is up; once a second is enough.
    private mutating func sweep(now: UInt32) {
        nextSweep = now &+ 1
        guard count > 0 else { return }
        for index in datagrams.indices {
            if let datagram = datagrams[index], datagram.expires < now { remove(index) }
        }
    }

    /// Keeps a fragment's bytes; nil when there is no room.
    private mutating func store(_ frame: RawSpan, _ place: FragmentPlace) -> Int? {
        let size = Limits.reassemblyBlockByteCount
        let blockCount = (place.data.upperBound &+ size &- 1) / size
        guard blockCount <= freeBlockCount, let index = freeFragments.popLast() else {
            return nil
        }
        var fragment = Fragment(
            offset: place.offset, headByteCount: place.data.lowerBound,
            dataByteCount: place.data.count)
        for number in (0..<blockCount).reversed() {
            let block = freeBlock
            freeBlock = nextBlock[block]
            nextBlock[block] = fragment.block
            fragment.block = block
            let range = number &* size..<min((number &+ 1) &* size, place.data.upperBound)
            var target = bytes.rawBytes(at: block &* size, count: range.count)
            target.copy(frame.extracting(range), at: 0)
        }
        freeBlockCount &-= blockCount
        fragments[index] = fragment
        return index
    }

    private mutating func releaseBlocks(from first: Int) {
        var block = first
        while block != Self.none {
            let next = nextBlock[block]
            nextBlock[block] = freeBlock
            freeBlock = block
            freeBlockCount &+= 1
            block = next
        }
    }

    /// Writes a fragment's bytes from `start` on.
    private func copy(
        _ fragment: Fragment, from start: Int, to target: Int, _ work: inout Work
    ) {
        let size = Limits.reassemblyBlockByteCount
        let end = fragment.headByteCount &+ fragment.dataByteCount
        var block = fragment.block
        var position = 0
        while block != Self.none {
            let from = max(start, position)
            let to = min(end, position &+ size)
            if from < to {
                let base = block &* size &- position
                work.put(
                    bytes.span.raw.extracting(base &+ from..<base &+ to),
                    at: target &+ from &- start)
            }
            position &+= size
            block = nextBlock[block]
        }
    }

    private static func bucket(_ key: DatagramKey) -> Int {
        let hash = FoldedMultiply.hash(
            key.source.high ^ key.destination.low,
            key.source.low ^ key.destination.high ^ UInt64(key.identification) << 16
                ^ UInt64(key.proto.rawValue), HashKey(k0: 0, k1: 0))
        return Int(truncatingIfNeeded: hash) & (bucketCount - 1)
    }
}

extension ReassemblyTable.Datagram {
    /// The end that a fragment sets or moves; false if it contradicts what is known.
    fileprivate mutating func extend(by place: FragmentPlace) -> Bool {
        let end = place.offset &+ place.data.count
        guard end <= 65_535 else { return false }
        if place.more {
            guard end > byteCount else { return true }
            guard !hasLast else { return false }
        } else {
            guard end >= byteCount, !hasLast || end == byteCount else { return false }
            hasLast = true
        }
        byteCount = end
        return true
    }

    fileprivate mutating func note(_ place: FragmentPlace) {
        keptByteCount &+= place.data.count
        packetByteCountMax = max(packetByteCountMax, place.packetByteCount)
        if place.dontFragment {
            dontFragmentByteCountMax = max(dontFragmentByteCountMax, place.packetByteCount)
        }
        codepoints |= 1 << (place.trafficClass & 3)
        guard place.offset == 0 else { return }
        recordedRoute = place.recordedRoute
        mark = place.mark
    }

    fileprivate var isWhole: Bool { hasLast && keptByteCount == byteCount }

    /// Whether the datagram carries a congestion mark since one of its fragments does; nil if the
    /// fragments' codepoints may not be mixed (RFC 3168, section 5.3).
    var isMarked: Bool? {
        let isNotCapable = codepoints & 1 != 0
        guard !isNotCapable || codepoints == 1 else { return nil }
        return codepoints & 8 != 0
    }
}
