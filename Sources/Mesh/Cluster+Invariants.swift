// What holds of every cluster, checked after each step of a simulation and by the tests.
// Each check says what it found and where; the first that fails is thrown.

import Wire

/// A sentence that should have been true of a cluster and is not.
public struct InvariantViolation: Error, Equatable, Sendable, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }
}

extension Cluster {
    /// Throws the first thing found wrong.
    public func checkInvariants() throws(InvariantViolation) {
        try checkIDs()
        try checkNodes()
        try checkNetworks()
        try checkAddresses()
        try checkPorts()
        try checkTasks()
    }

    private func checkIDs() throws(InvariantViolation) {
        try Self.require(nodes.indices.allSatisfy { nodes[$0].id.rawValue == $0 }, "node ids")
        try Self.require(
            networks.indices.allSatisfy { networks[$0].id.rawValue == $0 }, "network ids")
        try Self.require(
            services.indices.allSatisfy { services[$0].id.rawValue == $0 }, "service ids")
        try Self.require(tasks.indices.allSatisfy { tasks[$0].id.rawValue == $0 }, "task ids")
        try Self.unique(tasks.map(\.identity), "task identities")
        try Self.unique((tasks.map(\.name) + pendingTasks.map(\.name)), "task names")
    }

    private func checkNodes() throws(InvariantViolation) {
        try Self.require(!nodes.isEmpty, "a cluster has a node")
        try Self.unique(nodes.map(\.name), "node names")
        try Self.unique(nodes.map(\.mac), "node MACs")
        let addresses = nodes.flatMap { node in
            [node.vtep] + node.addresses.filter { $0 != node.vtep }
        }
        try Self.unique(addresses, "node addresses")
    }

    private func checkNetworks() throws(InvariantViolation) {
        try Self.unique(networks.map(\.name), "network names")
        try Self.unique(networks.compactMap(\.vni), "VNIs")
        try Self.require(
            networks.filter(\.isIngress).map(\.id) == [NetworkID(0)], "ingress is first and alone")
        for network in networks {
            try Self.require(
                (network.driver == .overlay) == (network.vni != nil),
                "network \(network.name): an overlay, and only an overlay, has a VNI")
            try Self.require(
                network.vni.map { (1...MeshLimits.vniLast).contains($0) } ?? true,
                "network \(network.name): VNI in range")
            try Self.require(
                !network.isIngress || network.balancers.map(\.node) == nodes.map(\.id),
                "every node has an ingress endpoint")
        }
        try Self.disjoint(networks.compactMap { $0.v4?.prefix }.sorted { $0.address < $1.address })
        try Self.disjoint(networks.compactMap { $0.v6?.prefix }.sorted { $0.address < $1.address })
    }

    /// Sorted by address, prefixes overlap only if neighbours do.
    private static func disjoint<P: AddressPrefix>(
        _ prefixes: [P]
    ) throws(InvariantViolation) {
        for (a, b) in zip(prefixes, prefixes.dropFirst()) {
            try require(!a.overlaps(b), "\(a) and \(b) overlap")
        }
    }

    /// Every address handed out on a network is inside its subnet and held once.
    private func checkAddresses() throws(InvariantViolation) {
        var v4 = networks.map { $0.v4.map { [$0.gateway] } ?? [] }
        var v6 = networks.map { $0.v6.map { [$0.gateway] } ?? [] }
        var macs: [[MACAddress]] = networks.map { _ in [] }
        func note(
            _ network: NetworkID, _ first: IPv4Address?, _ second: IPv6Address?, _ mac: MACAddress?
        ) {
            v4[network.rawValue] += [first].compactMap { $0 }
            v6[network.rawValue] += [second].compactMap { $0 }
            macs[network.rawValue] += [mac].compactMap { $0 }
        }
        for network in networks {
            for end in network.balancers { note(network.id, end.v4, end.v6, end.mac) }
        }
        for service in services {
            for address in service.virtualAddresses {
                note(address.network, address.v4, address.v6, nil)
            }
        }
        for end in tasks.flatMap(\.endpoints) + pendingTasks.flatMap(\.endpoints) {
            note(end.network, end.v4, end.v6, end.mac)
        }
        for network in networks {
            let index = network.id.rawValue
            try Self.inside(v4[index], network.v4?.prefix, network.name)
            try Self.inside(v6[index], network.v6?.prefix, network.name)
            try Self.unique(macs[index], "MACs of network \(network.name)")
            try Self.require(
                !macs[index].contains(where: \.isGroup), "MACs of \(network.name) are individual")
        }
    }

    private static func inside<P: AddressPrefix>(
        _ addresses: [P.Address], _ prefix: P?, _ network: String
    ) throws(InvariantViolation) {
        try unique(addresses, "addresses of network \(network)")
        for address in addresses {
            let isInside = prefix.map { $0.contains(address) && $0.address != address } ?? false
            try require(isInside, "network \(network): \(address) is a host of its subnet")
        }
    }

    private func checkPorts() throws(InvariantViolation) {
        var ingress: [String] = []
        for service in services {
            var own: [String] = []
            for port in service.ports {
                let key = "\(port.published.rawValue)/\(port.proto.publishedName ?? "?")"
                own.append(key)
                if port.mode == .ingress { ingress.append(key) }
            }
            try Self.unique(own, "published ports of service \(service.name)")
        }
        try Self.unique(ingress, "ingress ports")
        for node in nodes {
            let ports = tasks.filter { $0.node == node.id }.flatMap { task in
                self[task.service].ports.filter { $0.mode == .host }
                    .map { "\($0.published.rawValue)/\($0.proto.publishedName ?? "?")" }
            }
            try Self.unique(ports, "host-mode ports of node \(node.name)")
        }
    }

    private func checkTasks() throws(InvariantViolation) {
        var last = (service: -1, slot: 0)
        for task in tasks {
            try Self.require(nodes.indices.contains(task.node.rawValue), "\(task.name): node")
            try Self.require(
                services.indices.contains(task.service.rawValue), "\(task.name): service")
            let key = (service: task.service.rawValue, slot: task.slot)
            try Self.require(last < key, "tasks are grouped by service, slots ascending")
            last = key
        }
        for service in services {
            try Self.require(
                tasks(of: service.id).count <= service.replicaCountMax,
                "service \(service.name) stays within its bound")
        }
    }

    private static func require(
        _ condition: Bool, _ sentence: String
    ) throws(InvariantViolation) {
        if !condition { throw InvariantViolation("broken: \(sentence)") }
    }

    private static func unique(
        _ values: [some Hashable], _ what: String
    ) throws(InvariantViolation) {
        try require(Set(values).count == values.count, "\(what) are unique")
    }
}
