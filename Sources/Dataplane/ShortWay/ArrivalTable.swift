// Where tunnelled packets come from and who they are for, without asking the table of all
// addresses: the nodes by VTEP, and this node's tasks on the ingress network by MAC address.
//
// Invariant: it says of an address what `Program.addresses` says, or nothing; and nothing of an address
// that no host sends from.

import Wire

struct ArrivalTable: Sendable {
    private var nodes: [AddressSlot]
    private var tasks: [AddressSlot]
    private var taskCount = 0

    /// `endpoints` with their indices: this node's on the ingress network.
    init(_ peers: [Peer], _ endpoints: [(EndpointIndex, Endpoint)], of node: NodeIndex) {
        nodes = .sparse(for: peers.count)
        tasks = .sparse(for: endpoints.count)
        var nodeCount = 0
        let own = peers[Int(node.rawValue)].vtep
        for (index, peer) in peers.enumerated() where peer.vtep.isIPv4Mapped && peer.vtep != own {
            let key = UInt64(peer.vtep.mappedIPv4.rawValue.bigEndian)
            guard !peer.vtep.mappedIPv4.isMartian, nodes.find(key).kind == .nothing else {
                continue
            }
            nodes.insert(key, .node(NodeIndex(index)), &nodeCount)
        }
        for (index, endpoint) in endpoints { insert(endpoint.mac, index) }
    }

    /// Adds a task, unless another has its address.
    mutating func insert(_ address: MACAddress, _ index: EndpointIndex) {
        guard tasks.find(address.rawValue).kind == .nothing else { return }
        tasks.insert(address.rawValue, .endpoint(index), &taskCount)
    }

    mutating func remove(_ address: MACAddress) {
        _ = tasks.remove(address.rawValue, &taskCount)
    }

    /// The node with a VTEP, given as it lies in memory.
    @inline(__always)
    func node(_ vtep: UInt32) -> NodeIndex? {
        let slot = nodes.find(UInt64(vtep))
        return slot.kind == .node ? slot.node : nil
    }

    /// Asks for the place of a task's MAC address.
    @inline(__always)
    func prefetch(_ address: MACAddress) { tasks.prefetch(address.rawValue) }

    /// The task with a MAC address.
    @inline(__always)
    func task(_ address: MACAddress) -> EndpointIndex? {
        let slot = tasks.find(address.rawValue)
        return slot.kind == .endpoint ? slot.endpoint : nil
    }
}
