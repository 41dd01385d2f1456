// Addresses that fit a word, scope included: open addressing over 16-byte slots, four to a cache line.
//
// Half of `AddressTable`: IPv4 addresses and MACs, which are what packets ask for. Invariant: at most
// half full, so a probe always ends at an empty slot. An array with methods rather than a type of its
// own, for that would be copied, and its references counted, to be asked.

import Wire

struct AddressSlot: Sendable {
    /// What an address belongs to, as `AddressTarget` names it.
    enum Kind: UInt8 {
        case nothing, node, service, endpoint, balancer
    }

    fileprivate var key: UInt64 = 0
    private(set) var index: UInt32 = 0
    private(set) var kind = Kind.nothing

    fileprivate init() {}

    fileprivate init(_ key: UInt64, _ target: AddressTarget) {
        self.key = key
        switch target {
        case .node(let node): (kind, index) = (.node, UInt32(node.rawValue))
        case .service(let service): (kind, index) = (.service, service.rawValue)
        case .endpoint(let endpoint): (kind, index) = (.endpoint, endpoint.rawValue)
        case .balancer(let node): (kind, index) = (.balancer, UInt32(node.rawValue))
        }
    }

    var node: NodeIndex { NodeIndex(rawValue: UInt16(truncatingIfNeeded: index)) }
    var endpoint: EndpointIndex { EndpointIndex(rawValue: index) }

    var target: AddressTarget? {
        switch kind {
        case .nothing: nil
        case .node: .node(node)
        case .service: .service(VirtualServiceIndex(rawValue: index))
        case .endpoint: .endpoint(endpoint)
        case .balancer: .balancer(node)
        }
    }
}

extension [AddressSlot] {
    static var empty: Self { Self(repeating: AddressSlot(), count: 8) }

    /// The slot of a key, or an empty one.
    @inline(__always)
    func find(_ key: UInt64) -> AddressSlot {
        let index = start(key)
        return self[index].key == key ? self[index] : find(key, after: index)
    }

    /// Asks for the slot where the search for a key starts.
    @inline(__always)
    func prefetch(_ key: UInt64) { span.prefetch(start(key)) }

    // Out of line, for most keys are found where they are looked for first.
    @inline(never)
    private func find(_ key: UInt64, after first: Int) -> AddressSlot {
        var index = first
        while true {
            if self[index].key == key || self[index].kind == .nothing { return self[index] }
            index = (index &+ 1) & (count &- 1)
        }
    }

    /// Adds a key that is not there yet, to `usedCount` others.
    mutating func insert(_ key: UInt64, _ target: AddressTarget, _ usedCount: inout Int) {
        if (usedCount + 1) * 2 > count { grow() }
        place(AddressSlot(key, target))
        usedCount += 1
    }

    /// Takes a key out, and moves those back that had to pass it; whether it was there.
    mutating func remove(_ key: UInt64, _ usedCount: inout Int) -> Bool {
        let mask = count - 1
        var hole = start(key)
        while self[hole].key != key || self[hole].kind == .nothing {
            if self[hole].kind == .nothing { return false }
            hole = (hole + 1) & mask
        }
        var index = (hole + 1) & mask
        while self[index].kind != .nothing {
            // Its probe passes the hole if it has come at least as far as from there.
            if (index - start(self[index].key)) & mask >= (index - hole) & mask {
                self[hole] = self[index]
                hole = index
            }
            index = (index + 1) & mask
        }
        self[hole] = AddressSlot()
        usedCount -= 1
        return true
    }

    /// Half full at most, as many in use as said, and every entry can be found.
    func checkInvariants(_ usedCount: Int) -> Bool {
        usedCount * 2 <= count && usedCount == count { $0.kind != .nothing }
            && allSatisfy { $0.kind == .nothing || find($0.key).target == $0.target }
    }

    private mutating func grow() {
        let old = self
        self = Self(repeating: AddressSlot(), count: old.count * 2)
        for entry in old where entry.kind != .nothing { place(entry) }
    }

    private mutating func place(_ entry: AddressSlot) {
        var index = start(entry.key)
        while self[index].kind != .nothing { index = (index + 1) & (count - 1) }
        self[index] = entry
    }

    /// Where a probe starts: multiplication spreads keys that differ in few bits.
    @inline(__always)
    private func start(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) &>> 32) & (count &- 1)
    }
}
