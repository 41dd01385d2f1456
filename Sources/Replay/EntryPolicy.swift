// Which node a packet enters by. In a real network the client's resolver, router or load balancer
// decides; a replay says.

import Dataplane
import Mesh
import Wire

public enum EntryPolicy: Hashable, Sendable {
    /// The node whose address the packet is sent to; by hash for an address that is no node's.
    case address
    /// Node after node, packet by packet: the harshest test of agreement. Fragments of one datagram
    /// stay together.
    case roundRobin
    /// By a hash of the addresses and ports, as an ECMP router would.
    case hash
    /// Always this one.
    case node(NodeIndex)

    /// The words for those that need no node's name.
    public static let words = ["address", "round-robin", "hash"]

    /// `address`, `round-robin`, `hash`, or a node's name; nil for anything else.
    public init?(_ text: String, _ cluster: Cluster) {
        switch text {
        case "address": self = .address
        case "round-robin": self = .roundRobin
        case "hash": self = .hash
        default:
            guard let node = cluster.node(named: text) else { return nil }
            self = .node(NodeIndex(node.id.rawValue))
        }
    }
}

/// Applies a policy to one packet after another.
struct EntryChooser {
    let policy: EntryPolicy
    let nodeCount: Int
    private var turn = 0

    init(_ policy: EntryPolicy, nodeCount: Int) {
        self.policy = policy
        self.nodeCount = nodeCount
    }

    /// `sight` is not changed: it is too large to be copied for each packet.
    @inline(__always)
    mutating func choose(_ sight: inout PacketSight, _ addresses: AddressTable) -> NodeIndex {
        switch policy {
        case .node(let node): return node
        case .hash: return byHash(sight)
        case .address:
            guard let destination = sight.destination,
                let node = addresses.node(of: destination)
            else { return byHash(sight) }
            return node
        case .roundRobin:
            if sight.isFragment { return byHash(sight) }
            turn = (turn + 1) % nodeCount
            return NodeIndex((turn + nodeCount - 1) % nodeCount)
        }
    }

    @inline(never)
    private func byHash(_ sight: PacketSight) -> NodeIndex {
        guard let source = sight.source, let destination = sight.destination else {
            return NodeIndex(0)
        }
        var hash = SipHash(HashKey(k0: 3, k1: 3))
        hash.absorb(source.high ^ destination.high)
        hash.absorb(source.low)
        hash.absorb(destination.low)
        let ports =
            sight.isFragment
            ? 0 : UInt64(sight.sourcePort.rawValue) << 16 | UInt64(sight.destinationPort.rawValue)
        return NodeIndex(Int(hash.finish(tail: ports, byteCount: 4) % UInt64(nodeCount)))
    }
}
