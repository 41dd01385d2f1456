// When connections end: a hierarchical timing wheel (Varghese and Lauck, 1987) of eleven levels of
// 64 slots, ticks below, so that every 64-bit tick has its slot. Putting in, taking out and coming
// due cost the same however many connections there are; a wheel with nothing due costs a
// comparison.
//
// Invariant: a connection stands in a slot that is visited no later than its deadline. Deadlines
// that move later are not followed: at its visit a connection moves on to where it then belongs, so
// that a packet costs no change here. Slots at and before the clock are empty.

struct TimingWheel: ~Copyable {
    static var levelCount: Int { 11 }
    /// Holds what is due already and waits for the next visit.
    static var dueSlot: UInt16 { 704 }

    /// The first connection of each slot, those of the lowest level first.
    private var heads: [ConnectionIndex]
    /// A bit for each slot that is not empty, a word for each level.
    private var occupied: [UInt64]
    /// A bit for each level that is not empty.
    private var levels: UInt32 = 0
    /// The tick up to which everything was visited.
    private(set) var clock: UInt64 = 0
    /// No visit is needed before this tick.
    private(set) var nextVisit = UInt64.max

    init() {
        heads = [ConnectionIndex](repeating: .none, count: Int(Self.dueSlot) + 1)
        occupied = [UInt64](repeating: 0, count: Self.levelCount)
    }

    var byteCount: Int { heads.count * 4 + occupied.count * 8 }

    /// Nothing has to be done up to and at `now`.
    @inline(__always)
    func isIdle(_ now: UInt64) -> Bool {
        now < nextVisit && heads[Int(Self.dueSlot)] == .none
    }

    /// The low half of the clock.
    @inline(__always) var tick: UInt32 { UInt32(truncatingIfNeeded: clock) }

    /// Ticks from the clock to a deadline, not above zero when it is due.
    @inline(__always)
    func ticks(to deadline: UInt32) -> Int32 {
        Int32(bitPattern: deadline &- tick)
    }

    /// The deadline that is so many ticks away.
    @inline(__always)
    func deadline(in ticks: UInt32) -> UInt32 {
        tick &+ min(ticks, UInt32(Int32.max))
    }

    /// The tick at which a slot will be visited.
    func visit(of slot: UInt16) -> UInt64 {
        guard slot != Self.dueSlot else { return clock }
        let shift = UInt64(slot >> 6) &* 6
        let above = shift < 58 ? (clock &>> (shift &+ 6)) &<< (shift &+ 6) : 0
        return above | UInt64(slot & 63) &<< shift
    }

    /// Moves the clock to `now`, up to which there is nothing to visit.
    @inline(__always)
    mutating func skip(to now: UInt64) { if now > clock { clock = now } }

    /// The next slot to visit at or before `now`, the clock moved to its tick; nil when there is
    /// none, the clock moved to `now`.
    mutating func turn(to now: UInt64) -> UInt16? {
        guard levels != 0 else {
            nextVisit = .max
            skip(to: now)
            return nil
        }
        let level = levels.trailingZeroBitCount
        let slot = UInt16(truncatingIfNeeded: level << 6 | occupied[level].trailingZeroBitCount)
        let tick = visit(of: slot)
        nextVisit = tick
        guard tick <= now else {
            skip(to: now)
            return nil
        }
        skip(to: tick)
        return slot
    }

    /// The first connection of a slot.
    func first(of slot: UInt16) -> ConnectionIndex { heads[Int(slot)] }

    /// Puts a connection where its deadline belongs.
    mutating func link<Address>(
        _ index: ConnectionIndex, in connections: inout [Connection<Address>]
    ) {
        let ticks = ticks(to: connections[index.place].deadline)
        var slot = Self.dueSlot
        if ticks > 0 {
            let tick = clock &+ UInt64(UInt32(bitPattern: ticks))
            let level = (63 &- ((tick ^ clock) | 63).leadingZeroBitCount) / 6
            let digit = Int(truncatingIfNeeded: tick &>> UInt64(level &* 6)) & 63
            occupied[level] |= 1 &<< UInt64(digit)
            levels |= 1 &<< UInt32(level)
            slot = UInt16(truncatingIfNeeded: level << 6 | digit)
            nextVisit = min(nextVisit, visit(of: slot))
        }
        let head = heads[Int(slot)]
        connections[index.place].slot = slot
        connections[index.place].previous = .none
        connections[index.place].next = head
        if head != .none { connections[head.place].previous = index }
        heads[Int(slot)] = index
    }

    /// Takes a connection out.
    mutating func unlink<Address>(
        _ index: ConnectionIndex, in connections: inout [Connection<Address>]
    ) {
        let (next, previous) = (connections[index.place].next, connections[index.place].previous)
        if next != .none { connections[next.place].previous = previous }
        guard previous == .none else {
            connections[previous.place].next = next
            return
        }
        let slot = Int(connections[index.place].slot)
        heads[slot] = next
        guard next == .none, slot != Int(Self.dueSlot) else { return }
        occupied[slot >> 6] &= ~(1 &<< UInt64(slot & 63))
        if occupied[slot >> 6] == 0 { levels &= ~(1 &<< UInt32(slot >> 6)) }
    }

    /// Every list is sound, every member within the time it may stand there, and they are so many.
    func checkInvariants<Address>(_ connections: [Connection<Address>], count: Int) -> Bool {
        var found = 0
        for slot in heads.indices {
            var previous = ConnectionIndex.none
            var index = heads[slot]
            while index != .none {
                let connection = connections[index.place]
                guard connection.isInUse, Int(connection.slot) == slot,
                    connection.previous == previous, found < count
                else { return false }
                if slot != Int(Self.dueSlot) {
                    let wait = visit(of: UInt16(slot)) &- clock
                    guard Int64(wait) > 0, Int64(ticks(to: connection.deadline)) >= Int64(wait)
                    else { return false }
                }
                found += 1
                previous = index
                index = connection.next
            }
            guard slot != Int(Self.dueSlot) else { continue }
            let isOccupied = occupied[slot >> 6] &>> UInt64(slot & 63) & 1 == 1
            guard isOccupied == (heads[slot] != .none) else { return false }
        }
        return found == count
    }
}
