// Where tunnelled packets come from and who they are for, without asking the table of all
// addresses: the nodes by VTEP, and this node's tasks on the ingress network by MAC address.
//
// Addresses are given out in a row, so most have a place of their own by their lowest bits; those that share
// one are asked for by their hash. Invariant: it says of an address what `Program.addresses` says, or
// nothing; and nothing of an address that no host sends from.

import Wire

struct ArrivalTable: Sendable {
    private var nodes: Addresses
    private var tasks: Addresses

    /// `endpoints` with their indices: this node's on the ingress network.
    init(_ peers: [Peer], _ endpoints: [(EndpointIndex, Endpoint)], of node: NodeIndex) {
        nodes = Addresses(count: peers.count)
        tasks = Addresses(count: endpoints.count)
        let own = peers[Int(node.rawValue)].vtep
        for (index, peer) in peers.enumerated() where peer.vtep.isIPv4Mapped && peer.vtep != own {
            guard !peer.vtep.mappedIPv4.isMartian else { continue }
            nodes.insert(UInt64(peer.vtep.mappedIPv4.rawValue), .node(NodeIndex(index)))
        }
        for (index, endpoint) in endpoints { insert(endpoint.mac, index) }
    }

    /// Adds a task, unless another has its address.
    mutating func insert(_ address: MACAddress, _ index: EndpointIndex) {
        tasks.insert(address.rawValue, .endpoint(index))
    }

    mutating func remove(_ address: MACAddress) { tasks.remove(address.rawValue) }

    /// The node with a VTEP, given as it lies in memory.
    @inline(__always)
    func node(_ vtep: UInt32) -> NodeIndex? {
        nodes.find(UInt64(vtep.bigEndian)).map {
            NodeIndex(rawValue: UInt16(truncatingIfNeeded: $0))
        }
    }

    /// Asks for the place of a task's MAC address.
    @inline(__always)
    func prefetch(_ address: MACAddress) { tasks.prefetch(address.rawValue) }

    /// The task with a MAC address.
    @inline(__always)
    func task(_ address: MACAddress) -> EndpointIndex? {
        tasks.find(address.rawValue).map { EndpointIndex(rawValue: $0) }
    }
}

/// Addresses of 48 bits at most, and a number for each.
private struct Addresses {
    private struct Place {
        /// More than 48 bits where there is none.
        var address = UInt64.max
        var number: UInt32 = 0
    }

    /// By the lowest bits.
    private var places: [Place]
    /// All of them.
    private var slots = [AddressSlot].empty
    private var count = 0

    /// With room for so many in a row, and for a few gaps.
    init(count: Int) {
        var placeCount = 64
        while placeCount < count * 2 { placeCount *= 2 }
        places = [Place](repeating: Place(), count: placeCount)
    }

    @inline(__always)
    private func place(_ address: UInt64) -> Int {
        Int(truncatingIfNeeded: address) & (places.count &- 1)
    }

    /// Adds an address, unless it is there.
    mutating func insert(_ address: UInt64, _ target: AddressTarget) {
        guard slots.find(address).kind == .nothing else { return }
        slots.insert(address, target, &count)
        let place = place(address)
        guard places[place].address == .max else { return }
        places[place] = Place(address: address, number: slots.find(address).index)
    }

    mutating func remove(_ address: UInt64) {
        _ = slots.remove(address, &count)
        let place = place(address)
        if places[place].address == address { places[place] = Place() }
    }

    @inline(__always)
    func prefetch(_ address: UInt64) { places.span.prefetch(place(address)) }

    @inline(__always)
    func find(_ address: UInt64) -> UInt32? {
        let place = place(address)
        return places[place].address == address ? places[place].number : search(address)
    }

    // Out of line, for most addresses are found where they are looked for first.
    @inline(never)
    private func search(_ address: UInt64) -> UInt32? {
        let slot = slots.find(address)
        return slot.kind == .nothing ? nil : slot.index
    }
}
