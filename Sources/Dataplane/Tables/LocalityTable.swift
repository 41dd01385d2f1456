// What lblc and lblcr remember: which real servers have answered for a destination address, and when
// it was last asked for. Entries leave as in the kernel: each minute, while there are too many, those
// not used for six minutes; each half hour those not used for a day (lblc_expiration).
//
// Invariant: an entry is in the chain of its hash, its set is not empty and names no server twice.
// There are at most `entryCountMax` entries and `elementCountMax` elements; what goes beyond is not
// remembered. Memory grows by doubling as entries come, and then stays.

import Wire

struct LocalityTable: Sendable {
    typealias EntryIndex = Int

    private struct Entry {
        var address: IPv6Address
        var lastUse: UInt64
        /// When a server last came or went.
        var lastChange: UInt64
        /// In the chain, or among free places.
        var next: UInt32
        var first: UInt32
        var serverCount: UInt32
    }

    private struct Element {
        var server: RealServerIndex
        var next: UInt32
    }

    static let bucketBits: UInt32 = 10
    private static let bucketCount = 1 << Int(bucketBits)
    /// Beyond so many entries the kernel starts to collect.
    private static let entryCountWanted = 16 * bucketCount
    static let entryCountMax = entryCountWanted / 2 * 3
    static let elementCountMax = 4 * entryCountMax
    /// Hundredths of a second.
    private static let checkPeriod: UInt64 = 60 * 100
    private static let idlePeriod: UInt64 = 6 * 60 * 100
    /// So many checks without collecting make a full one due.
    private static let fullCheckPeriod = 30
    private static let end = UInt32.max

    /// The first entry of each chain; empty until the table is started.
    private var buckets: [UInt32] = []
    private var entries: [Entry] = []
    private var elements: [Element] = []
    private var freeEntry = end
    private var freeElement = end
    private(set) var count = 0
    private(set) var elementCount = 0
    private var rover = 0
    private var checkCount = 1
    private var nextCheck: UInt64 = 0

    init() {}

    /// A table whose first check is a minute from now.
    init(now: UInt64) {
        buckets = [UInt32](repeating: Self.end, count: Self.bucketCount)
        nextCheck = now &+ Self.checkPeriod
    }

    // MARK: Queries

    /// The entry of an address, which is in use from now on.
    mutating func use(_ address: IPv6Address, _ hash: Int, now: UInt64) -> EntryIndex? {
        var index = buckets[hash]
        while index != Self.end {
            if entries[Int(index)].address == address {
                entries[Int(index)].lastUse = now
                return Int(index)
            }
            index = entries[Int(index)].next
        }
        return nil
    }

    func firstElement(of entry: EntryIndex) -> UInt32 { entries[entry].first }

    /// The server of an element and the element behind it.
    @inline(__always)
    func element(_ index: UInt32) -> (RealServerIndex, UInt32)? {
        guard index != Self.end else { return nil }
        return (elements[Int(index)].server, elements[Int(index)].next)
    }

    /// The only server of an lblc entry.
    func first(of entry: EntryIndex) -> RealServerIndex? { element(entries[entry].first)?.0 }

    /// Whether a set of several servers has been the same for so long that one is to leave.
    func isDue(_ entry: EntryIndex, now: UInt64, expiration: UInt64) -> Bool {
        entries[entry].serverCount > 1 && now > entries[entry].lastChange &+ expiration
    }

    /// Whether any entry names the server. Walks through all of them.
    func names(_ server: RealServerIndex) -> Bool {
        buckets.contains { first in
            var index = first
            while index != Self.end {
                if holds(server, Int(index)) { return true }
                index = entries[Int(index)].next
            }
            return false
        }
    }

    private func holds(_ server: RealServerIndex, _ entry: EntryIndex) -> Bool {
        var index = entries[entry].first
        while let (other, next) = element(index) {
            if other == server { return true }
            index = next
        }
        return false
    }

    // MARK: Mutations

    /// lblc: the server of an address is another one. `entry` is the address's if it has one.
    mutating func replace(
        _ entry: EntryIndex?, _ address: IPv6Address, _ hash: Int, by server: RealServerIndex,
        now: UInt64
    ) {
        guard let entry else {
            return insert(server, into: nil, address, hash, now: now)
        }
        elements[Int(entries[entry].first)].server = server
    }

    /// Adds a server to the set of an address, in front, unless it is there. `entry` is the
    /// address's if it has one.
    mutating func insert(
        _ server: RealServerIndex, into entry: EntryIndex?, _ address: IPv6Address, _ hash: Int,
        now: UInt64
    ) {
        if let entry, holds(server, entry) { return }
        guard elementCount < Self.elementCountMax,
            let entry = entry ?? makeEntry(address, hash, now: now)
        else { return }
        let element = Element(server: server, next: entries[entry].first)
        if freeElement == Self.end {
            entries[entry].first = UInt32(elements.count)
            elements.append(element)
        } else {
            let index = freeElement
            freeElement = elements[Int(index)].next
            elements[Int(index)] = element
            entries[entry].first = index
        }
        elementCount += 1
        entries[entry].serverCount += 1
        entries[entry].lastChange = now
    }

    mutating func remove(_ server: RealServerIndex, from entry: EntryIndex, now: UInt64) {
        var before = Self.end
        var index = entries[entry].first
        while let (other, next) = element(index) {
            if other == server {
                if before == Self.end {
                    entries[entry].first = next
                } else {
                    elements[Int(before)].next = next
                }
                release(index)
                entries[entry].serverCount -= 1
                entries[entry].lastChange = now
                return
            }
            before = index
            index = next
        }
    }

    private mutating func makeEntry(
        _ address: IPv6Address, _ hash: Int, now: UInt64
    ) -> EntryIndex? {
        guard count < Self.entryCountMax else { return nil }
        let entry = Entry(
            address: address, lastUse: now, lastChange: now, next: buckets[hash],
            first: Self.end, serverCount: 0)
        let index: EntryIndex
        if freeEntry == Self.end {
            index = entries.count
            entries.append(entry)
        } else {
            index = Int(freeEntry)
            freeEntry = entries[index].next
            entries[index] = entry
        }
        buckets[hash] = UInt32(index)
        count += 1
        return index
    }

    private mutating func release(_ element: UInt32) {
        elements[Int(element)].next = freeElement
        freeElement = element
        elementCount -= 1
    }
}

// MARK: Collection

extension LocalityTable {
    /// Does the checks that have become due. `expiration` is in hundredths of a second.
    @inline(__always)
    mutating func collect(now: UInt64, expiration: UInt64) {
        if now >= nextCheck { check(until: now, expiration: expiration) }
    }

    private mutating func check(until now: UInt64, expiration: UInt64) {
        // After days without a request, one look at everything does for many.
        let checkCountMax = 48 * 60
        for _ in 0..<checkCountMax where count > 0 && now >= nextCheck {
            check(now: nextCheck, expiration: expiration)
            nextCheck &+= Self.checkPeriod
        }
        guard now >= nextCheck else { return }
        if count > 0 { collect(usedBefore: now, expiration, goal: .max) }
        let missed = (now &- nextCheck) / Self.checkPeriod &+ 1
        nextCheck &+= missed &* Self.checkPeriod
        let period = UInt64(Self.fullCheckPeriod)
        checkCount = Int((UInt64(checkCount &- 1) &+ missed % period) % period) &+ 1
    }

    private mutating func check(now: UInt64, expiration: UInt64) {
        if checkCount % Self.fullCheckPeriod == 0 {
            collect(usedBefore: now, expiration, goal: .max)
            checkCount = 1
        } else if count <= Self.entryCountWanted {
            checkCount += 1
        } else {
            let goal = (count - Self.entryCountWanted) * 4 / 3
            collect(
                usedBefore: now, Self.idlePeriod, goal: min(goal, Self.entryCountWanted / 2))
        }
    }

    /// Removes entries not used for `period`, chain by chain, until `goal` is reached.
    private mutating func collect(usedBefore now: UInt64, _ period: UInt64, goal: Int) {
        let target = count - min(goal, count)
        for _ in 0..<Self.bucketCount {
            rover = (rover + 1) & (Self.bucketCount - 1)
            sweep(rover, usedBefore: now, period)
            if goal != .max, count <= target { return }
        }
    }

    private mutating func sweep(_ bucket: Int, usedBefore now: UInt64, _ period: UInt64) {
        var before = Self.end
        var index = buckets[bucket]
        while index != Self.end {
            let next = entries[Int(index)].next
            if now < entries[Int(index)].lastUse &+ period {
                before = index
            } else {
                if before == Self.end {
                    buckets[bucket] = next
                } else {
                    entries[Int(before)].next = next
                }
                free(index)
            }
            index = next
        }
    }

    private mutating func free(_ entry: UInt32) {
        var element = entries[Int(entry)].first
        while let (_, next) = self.element(element) {
            release(element)
            element = next
        }
        entries[Int(entry)].next = freeEntry
        freeEntry = entry
        count -= 1
    }

    /// Counts are true, and sets neither empty nor with a server twice. For tests.
    func checkInvariants() -> Bool {
        var entryCount = 0
        var serverCount = 0
        for first in buckets {
            var index = first
            while index != Self.end {
                let entry = entries[Int(index)]
                var seen: [RealServerIndex] = []
                var element = entry.first
                while let (server, next) = self.element(element) {
                    guard !seen.contains(server) else { return false }
                    seen.append(server)
                    element = next
                }
                guard seen.count == Int(entry.serverCount), !seen.isEmpty else { return false }
                serverCount += seen.count
                entryCount += 1
                index = entry.next
            }
        }
        return entryCount == count && serverCount == elementCount
            && count <= Self.entryCountMax && elementCount <= Self.elementCountMax
    }
}
