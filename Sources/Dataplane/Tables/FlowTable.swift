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

/// What a packet does to its flow.
enum FlowEvent {
    case datagram
    /// A first packet: SYN or INIT, alone.
    case opening
    case data
    /// One side's last: FIN or SHUTDOWN.
    case closing
    /// The end at once: RST or ABORT.
    case reset

    var initialState: FlowState {
        switch self {
        case .datagram: .datagram
        case .opening: .opening
        case .data, .closing: .established
        case .reset: .closed
        }
    }
}

struct FlowTable<Address: FlowAddress>: ~Copyable {
    private var records: [FlowRecord<Address>]
    private let key: HashKey
    private let recordCountMax: Int
    /// Records in use, the expired ones among them.
    private(set) var count = 0

    init(key: HashKey, recordCount: Int, recordCountMax: Int) {
        precondition(recordCount.nonzeroBitCount == 1 && recordCountMax.nonzeroBitCount == 1)
        self.key = key
        self.recordCountMax = recordCountMax
        records = [FlowRecord](repeating: .empty, count: min(recordCount, recordCountMax))
    }

    var byteCount: Int { records.count * MemoryLayout<FlowRecord<Address>>.stride }

    /// The origin of a live flow; the packet came from the task.
    mutating func reply(to flow: TaskFlow, event: FlowEvent, now: UInt32) -> FlowOrigin? {
        guard let index = find(flow) else { return nil }
        guard !records[index].isExpired(now) else { return nil }
        apply(event, from: .task, at: index, now: now)
        return records[index].origin
    }

    /// Finds or makes the record of a flow; the packet came from the client.
    mutating func remember(
        _ flow: TaskFlow, origin: FlowOrigin, event: FlowEvent, now: UInt32
    ) -> FlowOutcome {
        if let index = find(flow) {
            return refresh(index, flow, origin: origin, event: event, now: now)
        }
        guard let index = place(for: flow, now: now) else { return .full }
        if records[index].isFree { count &+= 1 }
        records[index] = FlowRecord(flow, origin: origin, state: event.initialState, now: now)
        return .new
    }

    /// Makes room between batches, when half the records are in use: a fuller table would run out
    /// of places around some hash long before the rest. Doubles, unless most records have expired.
    /// At its largest it stays as it is: looking for expired records then would cost every batch
    /// the whole table, and new flows take those over where they find them.
    mutating func rebuildIfCrowded(now: UInt32) {
        guard count > records.count / 2, records.count < recordCountMax else { return }
        let live = records.filter { !$0.isFree && !$0.isExpired(now) }
        let isCrowded = live.count > records.count / 4
        records = [FlowRecord](
            repeating: .empty, count: isCrowded ? records.count * 2 : records.count)
        count = 0
        for record in live {
            guard let index = place(for: record.flow, now: now) else { continue }
            if records[index].isFree { count += 1 }
            records[index] = record
        }
    }

    /// Every record in use is found, and they are counted. For tests and the simulator.
    func checkInvariants() -> Bool {
        var used = 0
        for index in records.indices where !records[index].isFree {
            used += 1
            if find(records[index].flow) != index { return false }
        }
        return used == count
    }

    private mutating func refresh(
        _ index: Int, _ flow: TaskFlow, origin: FlowOrigin, event: FlowEvent, now: UInt32
    ) -> FlowOutcome {
        let present = records[index].origin
        let isSameTarget = present.address == origin.address && present.port == origin.port
        let isOver = records[index].isExpired(now) || records[index].state == .closed
        if isOver && event != .closing && event != .reset && (event == .opening || !isSameTarget) {
            records[index] = FlowRecord(flow, origin: origin, state: event.initialState, now: now)
            return .new
        }
        if !isSameTarget {
            let mayMove = event == .datagram || records[index].state == .opening
            guard mayMove else { return .conflict }
        }
        records[index].origin = origin
        apply(event, from: .client, at: index, now: now)
        return .known
    }

    @inline(__always)
    private mutating func apply(
        _ event: FlowEvent, from side: FlowSide, at index: Int, now: UInt32
    ) {
        records[index].lastSeen = now
        switch event {
        case .datagram, .opening: break
        case .data:
            // The task's SYN-ACK proves nothing: only what the client says next does.
            if side == .client, records[index].state == .opening {
                records[index].state = .established
            }
        case .closing: records[index].close(side)
        case .reset: records[index].state = .closed
        }
    }

    @inline(__always)
    private func find(_ flow: TaskFlow) -> Int? {
        let mask = records.count &- 1
        var index = Int(truncatingIfNeeded: flow.hash(key)) & mask
        for _ in 0..<Limits.flowProbeCountMax {
            if records[index].matches(flow) { return index }
            if records[index].isFree { return nil }
            index = (index &+ 1) & mask
        }
        return nil
    }

    /// A record that a new flow may take: free, expired, or the oldest that is still opening.
    private func place(for flow: TaskFlow, now: UInt32) -> Int? {
        let mask = records.count &- 1
        var index = Int(truncatingIfNeeded: flow.hash(key)) & mask
        var oldest: Int?
        for _ in 0..<Limits.flowProbeCountMax {
            if records[index].isFree || records[index].isExpired(now) { return index }
            if records[index].state == .opening,
                records[index].lastSeen < oldest.map({ records[$0].lastSeen }) ?? .max
            {
                oldest = index
            }
            index = (index &+ 1) & mask
        }
        return oldest
    }
}
