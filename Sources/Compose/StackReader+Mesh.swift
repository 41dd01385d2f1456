// The top-level `x-mesh` section: nodes, underlay, pools. Our own, so its keys are checked like
// docker's: one that nobody knows is an error.

import Dataplane
import Mesh
import Wire

struct ReadMesh {
    var settings = ClusterSettings()
    var ingress = NetworkSpecification(name: "ingress")
    var ingressPlace: Place
    /// The declared nodes, or nil when only a count or nothing is given.
    var nodes: [(node: NodeSpecification, place: Place)]?
    var nodeCount: Int?
}

extension StackReader {
    mutating func mesh(_ section: Tree.Entry?, root: Place) -> ReadMesh {
        var mesh = ReadMesh(ingressPlace: section?.place ?? root)
        guard let section else { return mesh }
        // Default addresses of nodes depend on it, so it is read first.
        if let ipv6 = section.value["ipv6"] {
            mesh.settings.isIPv6Wanted = flag(ipv6.value, "x-mesh.ipv6") ?? false
        }
        for entry in mapping(section.value, "x-mesh") { read(entry, into: &mesh) }
        readPools(section.value, into: &mesh.settings)
        return mesh
    }

    private mutating func read(_ entry: Tree.Entry, into mesh: inout ReadMesh) {
        let path = "x-mesh.\(entry.key)"
        switch entry.key {
        case "nodes": nodes(entry.value, path, into: &mesh)
        case "mtu":
            let range = MeshLimits.ipv4MTUMin...MeshLimits.mtuMax
            mesh.settings.underlayMTU =
                integer(entry.value, path, in: range) ?? MeshLimits.ethernetMTU
        case "vxlan_port":
            let range = MeshLimits.vxlanPortRange
            let bounds = Int(range.lowerBound)...Int(range.upperBound)
            if let port = integer(entry.value, path, in: bounds) {
                mesh.settings.vxlanPort = Port(UInt16(port))
            }
        case "hash_key":
            let what = "a key of 32 hexadecimal digits"
            let key = value(entry.value, path, what) { HashKey(hexadecimal: $0) }
            mesh.settings.hashKey = key ?? mesh.settings.hashKey
        case "reply":
            let reply = choice(entry.value, path, as: ReplyPath.self)
            mesh.settings.replyPath = reply ?? mesh.settings.replyPath
        case "ingress": ingress(entry, into: &mesh)
        case "default_addr_pool", "default_addr_pool_mask_length", "ipv6": break
        default: failUnknown(entry, "x-mesh")
        }
    }

    private mutating func ingress(_ entry: Tree.Entry, into mesh: inout ReadMesh) {
        mesh.ingressPlace = entry.place
        for child in mapping(entry.value, "x-mesh.ingress") {
            let path = "x-mesh.ingress.\(child.key)"
            switch child.key {
            case "ipam": addressing(child.value, path, into: &mesh.ingress)
            case "driver_opts": driverOptions(child.value, path, into: &mesh.ingress)
            case "attachable":
                if flag(child.value, path) == true {
                    fail(child.place, path, "ingress network cannot be attachable")
                }
            default: failUnknown(child, "x-mesh.ingress")
            }
        }
    }

    /// `default_addr_pool: 10.0.0.0/8`, or a list; each with its own mask length after a space or
    /// the common one.
    private mutating func readPools(_ section: Tree, into settings: inout ClusterSettings) {
        var length = 24
        if let entry = section["default_addr_pool_mask_length"] {
            let path = "x-mesh.default_addr_pool_mask_length"
            // Declared pools say themselves whether it is too short for them.
            let isDeclared = section["default_addr_pool"] != nil
            let shortest = isDeclared ? 1 : settings.pools.map(\.base.length).max() ?? 1
            length = integer(entry.value, path, in: shortest...29) ?? length
            settings.pools = settings.pools.map {
                SubnetPool(base: $0.base, subnetLength: length) ?? $0
            }
        }
        guard let entry = section["default_addr_pool"] else { return }
        let path = "x-mesh.default_addr_pool"
        var items = [entry.value]
        if case .sequence(let trees) = entry.value.content { items = trees }
        settings.pools = items.compactMap { item in
            value(item, path, "an IPv4 prefix no longer than its subnets, \"base/length [mask]\"") {
                Self.pool($0, length)
            }
        }
    }

    private static func pool(_ text: String, _ length: Int) -> SubnetPool? {
        let words = text.split(separator: " ")
        guard (1...2).contains(words.count), let base = IPv4Prefix(words[0]) else {
            return nil
        }
        guard words.count == 2 else { return SubnetPool(base: base, subnetLength: length) }
        return Decimal.parse(words[1], max: 29).flatMap {
            SubnetPool(base: base, subnetLength: $0)
        }
    }
}

extension HashKey {
    /// Thirty-two hexadecimal digits, first half first.
    init?(hexadecimal text: String) {
        let digits = Array(text)
        guard digits.count == 32, digits.allSatisfy(\.isHexDigit),
            let first = UInt64(String(digits[..<16]), radix: 16),
            let second = UInt64(String(digits[16...]), radix: 16)
        else { return nil }
        self.init(k0: first, k1: second)
    }
}
