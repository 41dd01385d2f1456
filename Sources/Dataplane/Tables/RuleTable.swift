// Where an address and port lead among a director's rules: open addressing with linear probing, for
// virtual servers, mark rules and the real servers behind masquerading. What kind of rule a key
// belongs to is part of it, so that one form serves them all.
//
// Invariant: at most half full, so that a probe always ends at an empty slot, and no empty slot lies
// between a key and the slot where its probe starts. Only rule changes fill the table; a packet can
// ask but never add.

import Wire

/// What a rule is found by.
struct RuleKey: Hashable, Sendable {
    /// Which rules are asked.
    enum Kind: UInt8 {
        case virtualServer, mark4, mark6, markedPort, markedAddress, realServer
    }

    fileprivate var high: UInt64 = 0
    fileprivate var low: UInt64 = 0
    /// Port, protocol, kind, and a bit that no empty slot has.
    fileprivate var word: UInt64 = 0

    fileprivate init() {}

    /// In the mapped form.
    @inline(__always)
    init(_ kind: Kind, _ address: IPv6Address, _ port: Port, _ proto: IPProtocol) {
        high = address.high
        low = address.low
        word =
            UInt64(port.rawValue) | UInt64(proto.rawValue) &<< 16
            | UInt64(kind.rawValue) &<< 24 | 1 &<< 32
    }

    /// A mark in one family.
    @inline(__always)
    init(mark: UInt32, isIPv4: Bool) {
        self.init(
            isIPv4 ? .mark4 : .mark6, IPv6Address(high: 0, low: UInt64(mark)), Port(0),
            IPProtocol(rawValue: 0))
    }

    @inline(__always)
    fileprivate var isEmpty: Bool { word == 0 }

    /// Where a probe starts: multiplication spreads keys that differ in few bits.
    @inline(__always)
    fileprivate func start(_ mask: Int) -> Int {
        let first = (low ^ high &* 0xff51_afd7_ed55_8ccd) &* 0x9e37_79b9_7f4a_7c15
        let mixed = (first ^ first &>> 29 ^ word) &* 0xc4ce_b9fe_1a85_ec53
        return Int(truncatingIfNeeded: mixed &>> 32) & mask
    }
}

struct RuleTable: Sendable {
    private struct Slot {
        var key = RuleKey()
        var value: UInt32 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: 8)
    private(set) var count = 0

    /// What the key leads to.
    @inline(__always)
    func find(_ key: RuleKey) -> UInt32? {
        let index = position(of: key)
        return slots[index].key.isEmpty ? nil : slots[index].value
    }

    /// Sets what the key leads to; nil removes it.
    mutating func set(_ key: RuleKey, _ value: UInt32?) {
        var index = position(of: key)
        guard let value else {
            if !slots[index].key.isEmpty { remove(at: index) }
            return
        }
        if slots[index].key.isEmpty {
            if (count + 1) * 2 > slots.count {
                grow()
                index = position(of: key)
            }
            slots[index].key = key
            count += 1
        }
        slots[index].value = value
    }

    mutating func removeAll() { self = RuleTable() }

    /// Half full at most, and every key can be found. For tests.
    func checkInvariants() -> Bool {
        count == slots.count { !$0.key.isEmpty } && count * 2 <= slots.count
            && slots.allSatisfy { $0.key.isEmpty || find($0.key) == $0.value }
    }

    /// The slot of a key, or the empty one where it would be put.
    @inline(__always)
    private func position(of key: RuleKey) -> Int {
        let mask = slots.count &- 1
        var index = key.start(mask)
        while !slots[index].key.isEmpty, slots[index].key != key { index = (index &+ 1) & mask }
        return index
    }

    /// Empties a slot and moves up what had to pass it.
    private mutating func remove(at index: Int) {
        let mask = slots.count - 1
        var hole = index
        var next = (hole + 1) & mask
        while !slots[next].key.isEmpty {
            let distance = (next - slots[next].key.start(mask)) & mask
            if distance >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = Slot()
        count -= 1
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: old.count * 2)
        for entry in old where !entry.key.isEmpty { slots[position(of: entry.key)] = entry }
    }
}
