// Where an address leads, in one immutable open-addressing table: addresses that clients use,
// VTEPs of the nodes, virtual and task addresses of each network, MACs of each network. The scope
// is part of the key, so networks with overlapping subnets never meet.
//
// Invariant: at most half full, so a probe always ends at an empty slot. Only configuration fills
// the table; a packet can ask but never add. Addresses that fit a word have their own index.

import Wire

/// The space in which an address means something.
public struct AddressScope: Hashable, Sendable {
    let rawValue: UInt32

    /// Addresses that clients send to.
    public static let clients = AddressScope(rawValue: 1)
    /// VTEPs.
    public static let underlay = AddressScope(rawValue: 2)
    /// Virtual and task addresses of one network.
    public static func network(_ index: NetworkIndex) -> AddressScope {
        AddressScope(rawValue: 0x1_0000 | UInt32(index.rawValue))
    }
    /// MAC addresses of one network that this node owns.
    public static func mac(_ index: NetworkIndex) -> AddressScope {
        AddressScope(rawValue: 0x2_0000 | UInt32(index.rawValue))
    }

    /// Whether it is the MACs of a network.
    var isMAC: Bool { rawValue >> 16 == 2 }
    /// The network of a scope that has one.
    var network: NetworkIndex { NetworkIndex(rawValue: UInt16(truncatingIfNeeded: rawValue)) }
}

/// What an address belongs to.
public enum AddressTarget: Hashable, Sendable {
    /// A node, by an address its clients use or by its VTEP.
    case node(NodeIndex)
    /// A service, by its virtual address on one network.
    case service(VirtualServiceIndex)
    case endpoint(EndpointIndex)
    /// The load-balancer endpoint of a node.
    case balancer(NodeIndex)
}

public struct AddressTable: Sendable {
    private struct Slot {
        var high: UInt64 = 0
        var low: UInt64 = 0
        /// Zero when empty.
        var scope: UInt32 = 0
        var target = AddressTarget.node(NodeIndex(0))
    }

    /// The first of the addresses of each family that a node's clients use.
    struct FirstAddresses {
        /// Not a number of 32 bits where there is none.
        var address4 = UInt64.max
        /// Of IPv4 where there is none.
        var address6 = IPv6Address(mapped: IPv4Address(rawValue: 0))
    }

    /// IPv6 addresses.
    private var slots = [Slot](repeating: Slot(), count: 8)
    private var slotsInUse = 0
    private var slots4 = [AddressSlot].empty
    private var slots4InUse = 0
    private var slotsMAC = [AddressSlot].empty
    private var slotsMACInUse = 0
    /// By node.
    private var firstAddresses: [FirstAddresses] = []

    public init() {}

    public var count: Int { slotsInUse + slots4InUse + slotsMACInUse }

    /// What an IPv4 address is in `scope`.
    @inline(__always)
    func slot(of address: IPv4Address, in scope: AddressScope) -> AddressSlot {
        slots4.find(Self.key(address, scope))
    }

    func firstAddresses(of node: NodeIndex) -> FirstAddresses {
        let index = Int(node.rawValue)
        return index < firstAddresses.count ? firstAddresses[index] : FirstAddresses()
    }

    /// Whether clients use an IPv4 address of some node. Most use one of `node`, whose first is compared
    /// before the table is asked.
    @inline(__always)
    package func isNode(_ address: IPv4Address, near node: NodeIndex) -> Bool {
        let index = Int(node.rawValue)
        if index < firstAddresses.count, firstAddresses[index].address4 == address.rawValue {
            return true
        }
        return slot(of: address, in: .clients).kind == .node
    }

    /// The same for IPv6; the address must not be an IPv4-mapped one.
    @inline(__always)
    package func isNode(_ address: IPv6Address, near node: NodeIndex) -> Bool {
        let index = Int(node.rawValue)
        if index < firstAddresses.count, firstAddresses[index].address6 == address {
            return true
        }
        if case .node = find6(address, in: .clients) { return true }
        return false
    }

    /// The node that clients use an address of.
    public func node(of address: IPv6Address) -> NodeIndex? {
        guard address.isIPv4Mapped else {
            guard case .node(let node) = find6(address, in: .clients) else { return nil }
            return node
        }
        let slot = slot(of: address.mappedIPv4, in: .clients)
        return slot.kind == .node ? slot.node : nil
    }

    /// What a MAC address is on a network.
    @inline(__always)
    func slot(of address: MACAddress, on network: NetworkIndex) -> AddressSlot {
        slotsMAC.find(Self.key(address, network))
    }

    /// The target of a MAC address in `scope`; there is none but among the MACs of a network.
    @inline(__always)
    public func find(_ address: MACAddress, in scope: AddressScope) -> AddressTarget? {
        scope.isMAC ? slot(of: address, on: scope.network).target : nil
    }

    /// The target of `address` in `scope`.
    @inline(__always)
    public func find(_ address: IPv6Address, in scope: AddressScope) -> AddressTarget? {
        address.isIPv4Mapped
            ? slot(of: address.mappedIPv4, in: scope).target : find6(address, in: scope)
    }

    private func find6(_ address: IPv6Address, in scope: AddressScope) -> AddressTarget? {
        var index = slot(address.high, address.low, scope)
        while true {
            if slots[index].low == address.low, slots[index].high == address.high,
                slots[index].scope == scope.rawValue
            {
                return slots[index].target
            }
            if slots[index].scope == 0 { return nil }
            index = (index &+ 1) & (slots.count &- 1)
        }
    }

    /// Adds an address. Returns what already holds it instead, if anything does.
    @discardableResult
    public mutating func insert(
        _ address: IPv6Address, in scope: AddressScope, _ target: AddressTarget
    ) -> AddressTarget? {
        if let present = find(address, in: scope) { return present }
        if scope == .clients, case .node(let node) = target {
            note(address, of: Int(node.rawValue))
        }
        guard !address.isIPv4Mapped else {
            slots4.insert(Self.key(address.mappedIPv4, scope), target, &slots4InUse)
            return nil
        }
        if (slotsInUse + 1) * 2 > slots.count { grow() }
        place(
            Slot(high: address.high, low: address.low, scope: scope.rawValue, target: target))
        slotsInUse += 1
        return nil
    }

    /// Adds a MAC address, with the same answer. The scope must be the MACs of a network.
    @discardableResult
    public mutating func insert(
        _ address: MACAddress, in scope: AddressScope, _ target: AddressTarget
    ) -> AddressTarget? {
        precondition(scope.isMAC)
        if let present = find(address, in: scope) { return present }
        slotsMAC.insert(Self.key(address, scope.network), target, &slotsMACInUse)
        return nil
    }

    private mutating func note(_ address: IPv6Address, of node: Int) {
        while firstAddresses.count <= node { firstAddresses.append(FirstAddresses()) }
        let none = FirstAddresses()
        if address.isIPv4Mapped, firstAddresses[node].address4 == none.address4 {
            firstAddresses[node].address4 = UInt64(address.mappedIPv4.rawValue)
        } else if !address.isIPv4Mapped, firstAddresses[node].address6 == none.address6 {
            firstAddresses[node].address6 = address
        }
    }

    private mutating func forget(_ address: IPv6Address) {
        let none = FirstAddresses()
        for index in firstAddresses.indices {
            if address.isIPv4Mapped {
                guard firstAddresses[index].address4 == address.mappedIPv4.rawValue else {
                    continue
                }
                firstAddresses[index].address4 = none.address4
            } else if firstAddresses[index].address6 == address {
                firstAddresses[index].address6 = none.address6
            }
        }
    }

    /// Takes an address out; whether it was there.
    @discardableResult
    public mutating func remove(_ address: IPv6Address, in scope: AddressScope) -> Bool {
        if scope == .clients { forget(address) }
        guard !address.isIPv4Mapped else {
            return slots4.remove(Self.key(address.mappedIPv4, scope), &slots4InUse)
        }
        return remove6(address, in: scope)
    }

    /// Takes a MAC address out; whether it was there. The scope must be the MACs of a network.
    @discardableResult
    public mutating func remove(_ address: MACAddress, in scope: AddressScope) -> Bool {
        precondition(scope.isMAC)
        return slotsMAC.remove(Self.key(address, scope.network), &slotsMACInUse)
    }

    /// As `[AddressSlot].remove`, for IPv6.
    private mutating func remove6(_ address: IPv6Address, in scope: AddressScope) -> Bool {
        let mask = slots.count - 1
        var hole = slot(address.high, address.low, scope)
        while slots[hole].low != address.low || slots[hole].high != address.high
            || slots[hole].scope != scope.rawValue
        {
            if slots[hole].scope == 0 { return false }
            hole = (hole + 1) & mask
        }
        var index = (hole + 1) & mask
        while slots[index].scope != 0 {
            let start = slot(
                slots[index].high, slots[index].low, AddressScope(rawValue: slots[index].scope))
            if (index - start) & mask >= (index - hole) & mask {
                slots[hole] = slots[index]
                hole = index
            }
            index = (index + 1) & mask
        }
        slots[hole] = Slot()
        slotsInUse -= 1
        return true
    }

    /// Half full at most, and every entry can be found. For tests.
    public func checkInvariants() -> Bool {
        let entries = slots.filter { $0.scope != 0 }
        return entries.count == slotsInUse && slotsInUse * 2 <= slots.count
            && entries.allSatisfy {
                find6(
                    IPv6Address(high: $0.high, low: $0.low), in: AddressScope(rawValue: $0.scope))
                    == $0.target
            } && slots4.checkInvariants(slots4InUse)
            && slotsMAC.checkInvariants(slotsMACInUse)
    }

    @inline(__always)
    private static func key(_ address: IPv4Address, _ scope: AddressScope) -> UInt64 {
        UInt64(address.rawValue) | UInt64(scope.rawValue) &<< 32
    }

    @inline(__always)
    private static func key(_ address: MACAddress, _ network: NetworkIndex) -> UInt64 {
        address.rawValue | UInt64(network.rawValue) &<< 48
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: old.count * 2)
        for entry in old where entry.scope != 0 { place(entry) }
    }

    private mutating func place(_ entry: Slot) {
        var index = slot(entry.high, entry.low, AddressScope(rawValue: entry.scope))
        while slots[index].scope != 0 { index = (index + 1) & (slots.count - 1) }
        slots[index] = entry
    }

    /// Where a probe starts: multiplication spreads addresses that differ in few bits.
    @inline(__always)
    private func slot(_ high: UInt64, _ low: UInt64, _ scope: AddressScope) -> Int {
        let mixed =
            (low ^ high &* 0xff51_afd7_ed55_8ccd ^ UInt64(scope.rawValue) &<< 40)
            &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed &>> 32) & (slots.count &- 1)
    }
}
