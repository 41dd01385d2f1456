// `networks`: each entry to a network specification.
// Invariant: a driver option that is not understood is a warning with its place, never silence.

import Mesh
import Wire

struct ReadNetwork {
    var specification: NetworkSpecification
    var place: Place
}

extension StackReader {
    mutating func networks(_ tree: Tree) -> [ReadNetwork] {
        mapping(tree, "networks").map { entry in
            let path = "networks.\(entry.key)"
            var network = NetworkSpecification(
                name: "\(stack)_\(entry.key)", shortName: entry.key)
            for child in mapping(entry.value, path) {
                read(child, path, into: &network)
            }
            checkFamilies(entry.value, path, network)
            readExternal(entry.value, path, into: &network)
            return ReadNetwork(specification: network, place: entry.place)
        }
    }

    private mutating func read(
        _ entry: Tree.Entry, _ parent: String, into network: inout NetworkSpecification
    ) {
        let path = "\(parent).\(entry.key)"
        let value = entry.value
        switch entry.key {
        case "driver": driver(value, path, into: &network)
        case "driver_opts": driverOptions(value, path, into: &network)
        case "ipam": addressing(value, path, into: &network)
        case "internal": network.isInternal = flag(value, path) ?? false
        case "attachable": network.isAttachable = flag(value, path) ?? false
        case "enable_ipv4": network.isIPv4Enabled = flag(value, path) ?? true
        case "enable_ipv6": network.isIPv6Enabled = flag(value, path) ?? false
        case "name": network.name = string(value, path) ?? network.name
        case "labels": _ = labels(value, path)
        case "external": break
        default: if !entry.key.hasPrefix("x-") { failUnknown(entry, parent) }
        }
    }

    /// A family that is turned off can have no subnet.
    private mutating func checkFamilies(
        _ tree: Tree, _ path: String, _ network: NetworkSpecification
    ) {
        let v4 = ("enable_ipv4", network.isIPv4Enabled, network.v4?.prefix.description)
        let v6 = ("enable_ipv6", network.isIPv6Enabled, network.v6?.prefix.description)
        for (key, isEnabled, subnet) in [v4, v6] {
            guard let entry = tree[key], !isEnabled, let subnet else { continue }
            fail(entry.place, "\(path).\(key)", "contradicts the subnet \(subnet)")
        }
    }

    /// There is no swarm here to look the network up in, so it is taken for what is declared.
    private mutating func readExternal(
        _ tree: Tree, _ path: String, into network: inout NetworkSpecification
    ) {
        guard let external = tree["external"] else { return }
        let key = "\(path).external"
        if external.value.entries == nil {
            guard flag(external.value, key) == true else { return }
            if tree["name"] == nil { network.name = network.shortName }
        } else {
            network.name = network.shortName
            for child in mapping(external.value, key) {
                guard child.key == "name" else {
                    failUnknown(child, key)
                    continue
                }
                network.name = string(child.value, "\(key).name") ?? network.name
            }
        }
        if network.name == "host" { network.driver = .host }
        if network.name == "none" { network.driver = .none }
        if network.name == "bridge" { network.driver = .bridge }
        warn(external.place, key, "taken for a new network, with the options given here")
    }

    private mutating func driver(
        _ tree: Tree, _ path: String, into network: inout NetworkSpecification
    ) {
        if case .scalar("null", _) = tree.content {
            network.driver = .none
        } else if !tree.isNull,
            let driver = choice(tree, path, as: Network.Driver.self)
        {
            network.driver = driver
        }
    }

    mutating func driverOptions(
        _ tree: Tree, _ path: String, into network: inout NetworkSpecification
    ) {
        for entry in mapping(tree, path) {
            let key = "\(path).\(entry.key)"
            switch entry.key {
            case "encrypted": network.isEncrypted = true
            case "dsr": network.isDirectReturn = true
            case "com.docker.network.driver.mtu", "mtu":
                let range = MeshLimits.ipv4MTUMin...MeshLimits.mtuMax
                network.driverMTU = integer(entry.value, key, in: range)
            case "com.docker.network.driver.overlay.vxlanid_list", "vxlanid_list":
                // One identifier per IPv4 subnet, of which a network here has one.
                let range = 1...Int(MeshLimits.vniLast)
                network.vni = integer(entry.value, key, in: range).map { UInt32($0) }
            default: warn(entry.place, key, "unsupported option, ignored")
            }
        }
    }

    mutating func addressing(
        _ tree: Tree, _ path: String, into network: inout NetworkSpecification
    ) {
        for entry in mapping(tree, path) {
            let key = "\(path).\(entry.key)"
            switch entry.key {
            case "driver":
                if let driver = string(entry.value, key), driver != "default" {
                    warn(entry.place, key, "unsupported option, ignored")
                }
            case "options": warn(entry.place, key, "unsupported option, ignored")
            case "config":
                for (index, item) in list(entry.value, key).enumerated() {
                    subnet(item, "\(key).\(index)", into: &network)
                }
            default: if !entry.key.hasPrefix("x-") { failUnknown(entry, path) }
            }
        }
    }

    /// One entry of `ipam.config`, of whichever family its subnet is.
    private mutating func subnet(
        _ tree: Tree, _ path: String, into network: inout NetworkSpecification
    ) {
        for entry in mapping(tree, path) {
            if entry.key == "aux_addresses" {
                warn(entry.place, "\(path).\(entry.key)", "unsupported option, ignored")
            } else if !["subnet", "gateway", "ip_range"].contains(entry.key) {
                failUnknown(entry, path)
            }
        }
        guard let subnet = tree["subnet"] else {
            if tree["gateway"] != nil || tree["ip_range"] != nil {
                fail(tree.place, path, "subnet is required")
            }
            return
        }
        guard let text = string(subnet.value, "\(path).subnet") else { return }
        let hasFamily: Bool
        if let prefix = IPv4Prefix(text) {
            hasFamily = network.v4 != nil
            network.v4 = specification(
                tree, path, prefix, IPv4Address.init, IPv4Prefix.init)
        } else if let prefix = IPv6Prefix(text) {
            hasFamily = network.v6 != nil
            network.v6 = specification(
                tree, path, prefix, IPv6Address.init, IPv6Prefix.init)
        } else {
            return fail(subnet.value.place, "\(path).subnet", "'\(text)' is not a subnet")
        }
        if hasFamily {
            fail(subnet.value.place, "\(path).subnet", "a network has one subnet of each family")
        }
    }

    private mutating func specification<P: AddressPrefix>(
        _ tree: Tree, _ path: String, _ prefix: P, _ address: (String) -> P.Address?,
        _ range: (String) -> P?
    ) -> SubnetSpecification<P> {
        var specification = SubnetSpecification(prefix: prefix)
        if let entry = tree["gateway"] {
            specification.gateway = value(
                entry.value, "\(path).gateway", "an address of the subnet's family", address)
        }
        if let entry = tree["ip_range"] {
            specification.range = value(
                entry.value, "\(path).ip_range", "a range of the subnet's family", range)
        }
        return specification
    }
}
