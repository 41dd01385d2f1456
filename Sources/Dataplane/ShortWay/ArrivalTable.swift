// Where tunnelled packets come from and who they are for, without asking the table of all
// addresses: the nodes by VTEP, and this node's tasks on the ingress network by MAC address.
//
// Invariant: it says of an address what `Program.addresses` says, or nothing; and nothing of an address
// that no host sends from.

import Wire

struct ArrivalTable: Sendable {
    private var nodes: [AddressSlot]
    private var tasks: [AddressSlot]

    init(_ peers: [Peer], _ endpoints: [Endpoint], of node: NodeIndex, on ingress: NetworkIndex) {
        let tasks = endpoints.enumerated().filter {
            $0.element.node == node && $0.element.network == ingress
        }
        nodes = .sparse(for: peers.count)
        self.tasks = .sparse(for: tasks.count)
        let own = peers[Int(node.rawValue)].vtep
        for (index, peer) in peers.enumerated() where peer.vtep.isIPv4Mapped && peer.vtep != own {
            let key = UInt64(peer.vtep.mappedIPv4.rawValue.bigEndian)
            guard !peer.vtep.mappedIPv4.isMartian, nodes.find(key).kind == .nothing else {
                continue
            }
            nodes.insert(key, .node(NodeIndex(index)))
        }
        for (index, endpoint) in tasks
        where self.tasks.find(endpoint.mac.rawValue).kind == .nothing {
            self.tasks.insert(endpoint.mac.rawValue, .endpoint(EndpointIndex(index)))
        }
    }

    /// The node with a VTEP, given as it lies in memory.
    @inline(__always)
    func node(_ vtep: UInt32) -> NodeIndex? {
        let slot = nodes.find(UInt64(vtep))
        return slot.kind == .node ? slot.node : nil
    }

    /// The task with a MAC address.
    @inline(__always)
    func task(_ address: MACAddress) -> EndpointIndex? {
        let slot = tasks.find(address.rawValue)
        return slot.kind == .endpoint ? slot.endpoint : nil
    }
}
