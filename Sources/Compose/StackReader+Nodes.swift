// `x-mesh.nodes`: a count, or a list in which everything but what the user cares for may be left
// out. When no node says what its role is, the first is a manager, as on a fresh swarm.

import Mesh
import Wire

extension StackReader {
    mutating func nodes(_ tree: Tree, _ path: String, into mesh: inout ReadMesh) {
        guard case .sequence(let trees) = tree.content else {
            mesh.nodeCount = integer(tree, path, in: 1...MeshLimits.nodeCountMax)
            return
        }
        guard (1...MeshLimits.nodeCountMax).contains(trees.count) else {
            return fail(
                tree.place, path, "must be between 1 and \(MeshLimits.nodeCountMax) nodes")
        }
        var nodes: [(node: NodeSpecification, place: Place)] = []
        var hasRole = false
        for (index, tree) in trees.enumerated() {
            var node = NodeSpecification.standard(index, isDualStack: mesh.settings.isIPv6Wanted)
            node.role = .worker
            hasRole = tree["role"] != nil || hasRole
            read(tree, "\(path).\(index)", into: &node)
            nodes.append((node, tree.place))
        }
        if !hasRole, !nodes.isEmpty { nodes[0].node.role = .manager }
        mesh.nodes = nodes
    }

    private mutating func read(
        _ tree: Tree, _ path: String, into node: inout NodeSpecification
    ) {
        if case .scalar(let name, _) = tree.content {
            node.name = name
            return
        }
        for entry in mapping(tree, path) {
            let key = "\(path).\(entry.key)"
            let value = entry.value
            switch entry.key {
            case "name", "hostname": node.name = string(value, key) ?? node.name
            case "id": node.identifier = string(value, key)
            case "vtep": node.vtep = address(value, key) ?? node.vtep
            case "address": node.addresses = address(value, key).map { [$0] } ?? node.addresses
            case "addresses":
                node.addresses = list(value, key).enumerated().compactMap {
                    address($1, "\(key).\($0)")
                }
            case "mac":
                node.mac = self.value(value, key, "a MAC address") { MACAddress($0) }
            case "labels": node.labels = labels(value, key)
            case "role": node.role = choice(value, key, as: Node.Role.self) ?? .worker
            case "availability":
                let availability = choice(value, key, as: Node.Availability.self)
                node.availability = availability ?? .active
            default: failUnknown(entry, path)
            }
        }
    }

    private mutating func address(_ tree: Tree, _ path: String) -> IPAddress? {
        value(tree, path, "an IP address") { IPAddress($0) }
    }
}

extension NodeSpecification {
    /// Documentation addresses end in 11, 12, ... up to here; past it come the addresses set aside
    /// for benchmarks.
    private static var documentedCount: Int { 200 }

    /// Node `index` (from 0) of a mesh whose nodes nobody described: `node1` with client address
    /// 192.0.2.11 (RFC 5737, and 2001:db8:0:1::b when dual-stack, RFC 3849) and VTEP 198.51.100.11.
    /// From the 201st node on, 198.18.0.0/16 and 198.19.0.0/16 (RFC 2544) take their place.
    static func standard(_ index: Int, isDualStack: Bool) -> NodeSpecification {
        let number = UInt32(index + 11)
        let isDocumented = index < documentedCount
        let clients = isDocumented ? IPv4Address(192, 0, 2, 0) : IPv4Address(198, 18, 0, 0)
        let tunnels = isDocumented ? IPv4Address(198, 51, 100, 0) : IPv4Address(198, 19, 0, 0)
        var node = NodeSpecification(
            name: "node\(index + 1)", vtep: .v4(IPv4Address(rawValue: tunnels.rawValue + number)),
            addresses: [.v4(IPv4Address(rawValue: clients.rawValue + number))],
            role: index == 0 ? .manager : .worker)
        if isDualStack {
            let high: UInt64 = 0x2001_0db8_0000_0001
            node.addresses.append(.v6(IPv6Address(high: high, low: UInt64(number))))
        }
        return node
    }
}
