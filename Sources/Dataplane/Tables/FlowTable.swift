// The owner's memory of its flows: open addressing with a hash of its own key, one probe sequence
// of at most `Limits.flowProbeCountMax` records, nothing allocated while packets pass.
//
// Invariant: a live flow is found in its probe window, before the first record never used.
// Expired records stay in place, are taken over by new flows, and go when the table is rebuilt
// between batches. When a window is full of live flows, one that never got past its opening gives
// way; established flows are never evicted, so a flood of openings cannot push them out.

import Wire

/// What the owner makes of a packet's flow.
enum FlowOutcome {
    case known
    case new
    /// Another live connection has the same ports to the same task.
    case conflict
    case full
}

struct FlowTable<Address: FlowAddress>: ~Copyable {
    let key: HashKey
    private let recordCountMax: Int
    /// Records in use, the expired ones among them.
    private(set) var count = 0
    /// Of the program that is run: records of it vouch for their flows.
    private(set) var generation: UInt16 = 0

    init(key: HashKey, recordCountMax: Int) {
        precondition(recordCountMax.nonzeroBitCount == 1)
        self.key = key
        self.recordCountMax = recordCountMax
    }

    /// Where the search for a flow starts, in so many records, a power of two.
    @inline(__always)
    static func firstPlace(_ hash: UInt64, of recordCount: Int) -> Int {
        Int(truncatingIfNeeded: hash) & (recordCount &- 1)
    }

    /// The origin of a live flow; the packet came from the task.
    @inline(__always)
    func reply(
        to flow: TaskFlow, event: FlowEvent, now: UInt32,
        in records: inout MutableSpan<FlowRecord<Address>>
    ) -> FlowOrigin? {
        Self.reply(to: flow, hash: flow.hash(key), event: event, now: now, in: &records)
    }

    /// The same with the hash given.
    @inline(__always)
    static func reply(
        to flow: TaskFlow, hash: UInt64, event: FlowEvent, now: UInt32,
        in records: inout MutableSpan<FlowRecord<Address>>
    ) -> FlowOrigin? {
        guard let index = records.find(flow, hash: hash), !records[index].isExpired(now)
        else { return nil }
        records[index].apply(event, from: .task, now: now)
        return records[index].origin
    }

    /// Does what `remember` would, and does it where it takes the least: the flow is at its first place,
    /// lives and is vouched for. The task's port; nil, with nothing changed, elsewhere.
    @inline(__always)
    static func refresh(
        _ flow: RequestFlow<Address>, hash: UInt64, event: FlowEvent, entry: NodeIndex,
        generation: UInt16, now: UInt32, in records: inout MutableSpan<FlowRecord<Address>>
    ) -> Port? {
        let index = firstPlace(hash, of: records.count)
        return records[index].refresh(
            flow, event: event, entry: entry, generation: generation, now: now)
    }

    /// Where the record is that vouches for a flow.
    @inline(__always)
    private func find(
        _ flow: RequestFlow<Address>, hash: UInt64,
        in records: borrowing MutableSpan<FlowRecord<Address>>
    ) -> Int? {
        let mask = records.count &- 1
        var index = Self.firstPlace(hash, of: records.count)
        for _ in 0..<Limits.flowProbeCountMax {
            if records[index].vouches(for: flow, generation) { return index }
            if records[index].isFree { return nil }
            index = (index &+ 1) & mask
        }
        return nil
    }

    /// Takes in a packet of a flow that a record vouches for; nil, with nothing changed, if none does. Says
    /// what the record does of the flow, too.
    @inline(never)
    func remember(
        _ flow: RequestFlow<Address>, hash: UInt64, entry: NodeIndex, event: FlowEvent,
        now: UInt32, in records: inout MutableSpan<FlowRecord<Address>>
    ) -> (outcome: FlowOutcome, service: VirtualServiceIndex, target: Port)? {
        guard let index = find(flow, hash: hash, in: records) else { return nil }
        var origin = records[index].origin
        origin.entry = entry
        let outcome = records[index].refresh(origin: origin, event: event, now: now)
        records[index].generation = generation
        return (outcome, origin.service, records[index].target)
    }

    /// Where the record of a flow will be that the table knows nothing of, if its first place is free.
    @inline(__always)
    static func freePlace(
        hash: UInt64, in records: borrowing MutableSpan<FlowRecord<Address>>
    ) -> Int? {
        let index = firstPlace(hash, of: records.count)
        return records[index].isFree ? index : nil
    }

    /// Makes the record of a flow in its free place. The packet came from the client.
    @inline(__always)
    mutating func begin(
        _ flow: RequestFlow<Address>, at place: Int, target: Port,
        service: VirtualServiceIndex, entry: NodeIndex, event: FlowEvent, now: UInt32,
        in records: inout MutableSpan<FlowRecord<Address>>
    ) {
        let record = FlowRecord<Address>(
            flow, target: target, service: service, entry: entry,
            state: FlowState(first: event), now: now)
        write(record, at: place, in: &records)
    }

    /// Writes the record of a new flow, of which the program of this generation was asked.
    @inline(__always)
    private mutating func write(
        _ record: FlowRecord<Address>, at place: Int,
        in records: inout MutableSpan<FlowRecord<Address>>
    ) {
        if records[place].isFree { count &+= 1 }
        records[place] = record
        records[place].generation = generation
    }

    /// Finds or makes the record of a flow, whose hash is given; the packet came from the client.
    @inline(__always)
    mutating func remember(
        _ flow: TaskFlow, hash: UInt64, origin: FlowOrigin, event: FlowEvent, now: UInt32,
        in records: inout MutableSpan<FlowRecord<Address>>
    ) -> FlowOutcome {
        if let index = records.find(flow, hash: hash) {
            let outcome = records[index].refresh(origin: origin, event: event, now: now)
            if outcome != .conflict { records[index].generation = generation }
            return outcome
        }
        guard let index = records.place(hash: hash, now: now) else { return .full }
        let record = FlowRecord<Address>(
            flow, origin: origin, state: FlowState(first: event), now: now)
        write(record, at: index, in: &records)
        return .new
    }

    /// The same of a flow as the client sees it.
    @inline(never)
    mutating func remember(
        _ flow: RequestFlow<Address>, target: Port, service: VirtualServiceIndex, hash: UInt64,
        entry: NodeIndex, event: FlowEvent, now: UInt32,
        in records: inout MutableSpan<FlowRecord<Address>>
    ) -> FlowOutcome {
        let origin = FlowOrigin(
            address: flow.address.mapped, port: flow.port, entry: entry, service: service)
        return remember(
            flow.seen(at: target), hash: hash, origin: origin, event: event, now: now,
            in: &records)
    }

    /// Takes note, between batches, of a program that may tell something else of a flow than the one
    /// before: nothing is vouched for any more.
    mutating func renew(_ records: inout [FlowRecord<Address>]) {
        generation &+= 1
        guard generation == 0 else { return }
        for index in records.indices { records[index].generation = 0 }
        generation = 1
    }

    /// Makes room between batches, when half the records are in use: a fuller table would run out
    /// of places around some hash long before the rest. Doubles, unless most records have expired.
    /// At its largest it stays as it is: looking for expired records then would cost every batch
    /// the whole table, and new flows take those over where they find them.
    @inline(__always)
    mutating func rebuildIfCrowded(_ records: inout [FlowRecord<Address>], now: UInt32) {
        guard count > records.count / 2, records.count < recordCountMax else { return }
        rebuild(&records, now: now)
    }

    @inline(never)
    private mutating func rebuild(_ records: inout [FlowRecord<Address>], now: UInt32) {
        let live = records.filter { !$0.isFree && !$0.isExpired(now) }
        let isCrowded = live.count > records.count / 4
        records = [FlowRecord](
            repeating: .empty, count: isCrowded ? records.count * 2 : records.count)
        count = 0
        for record in live {
            let hash = record.flow.hash(key)
            var target = records.mutableSpan
            guard let index = target.place(hash: hash, now: now) else { continue }
            let isFree = target[index].isFree
            target[index] = record
            if isFree { count += 1 }
        }
    }

    /// Every record in use is found, and they are counted. For tests and the simulator.
    func checkInvariants(_ records: inout [FlowRecord<Address>]) -> Bool {
        var used = 0
        let records = records.mutableSpan
        for index in 0..<records.count where !records[index].isFree {
            used += 1
            let flow = records[index].flow
            if records.find(flow, hash: flow.hash(key)) != index { return false }
        }
        return used == count
    }
}

extension Span {
    /// Asks for the record at which the search for a flow will start.
    @inline(__always)
    func prefetch<Address>(_ hash: UInt64) where Element == FlowRecord<Address> {
        prefetchWhole(FlowTable<Address>.firstPlace(hash, of: count))
    }
}

extension MutableSpan {
    /// The record of a flow, within its probe window.
    @inline(__always)
    fileprivate func find<Address>(_ flow: TaskFlow, hash: UInt64) -> Int?
    where Element == FlowRecord<Address> {
        let mask = count &- 1
        var index = FlowTable<Address>.firstPlace(hash, of: count)
        for _ in 0..<Limits.flowProbeCountMax {
            if self[index].matches(flow) { return index }
            if self[index].isFree { return nil }
            index = (index &+ 1) & mask
        }
        return nil
    }

    /// A record that a new flow may take: free, expired, or the oldest that is still opening.
    fileprivate func place<Address>(hash: UInt64, now: UInt32) -> Int?
    where Element == FlowRecord<Address> {
        let mask = count &- 1
        var index = FlowTable<Address>.firstPlace(hash, of: count)
        var oldest: Int?
        for _ in 0..<Limits.flowProbeCountMax {
            if self[index].isFree || self[index].isExpired(now) { return index }
            if self[index].state.isOpening,
                self[index].lastSeen < oldest.map({ self[$0].lastSeen }) ?? .max
            {
                oldest = index
            }
            index = (index &+ 1) & mask
        }
        return oldest
    }
}

extension FlowRecord {
    /// What a packet from the client makes of the flow that is remembered here.
    fileprivate mutating func refresh(
        origin: FlowOrigin, event: FlowEvent, now: UInt32
    ) -> FlowOutcome {
        let isSameTarget = hasTarget(of: origin)
        let isOver = isExpired(now) || state.isClosed
        if isOver && event != .closing && event != .reset && (event == .opening || !isSameTarget) {
            self = FlowRecord(flow, origin: origin, state: FlowState(first: event), now: now)
            return .new
        }
        guard isSameTarget || event == .datagram else { return .conflict }
        self.origin = origin
        apply(event, from: .client, now: now)
        return .known
    }

    @inline(__always)
    fileprivate mutating func apply(_ event: FlowEvent, from side: FlowSide, now: UInt32) {
        lastSeen = now
        state.add(event, from: side)
    }
}
