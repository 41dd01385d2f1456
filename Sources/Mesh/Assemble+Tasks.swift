// Tasks: placed on nodes, then every address of the cluster handed out.
//
// Invariant: on each network the order is gateway, load-balancer endpoints by node, virtual
// addresses by service, tasks by service and slot. On a fresh one-node cluster that publishes one
// port, ingress holds 10.0.0.1, .2, .3 and .4 in that order.

import Wire

extension Cluster {
    mutating func assembleTasks(_ declared: [ServiceSpecification]) throws(MeshError) {
        var placement = Placement(nodes: nodes)
        let outcomes = services.map { placement.place($0) }
        var pools = networks.map(EndpointPool.init)
        try assignBalancers(&pools, outcomes)
        try assignVirtualAddresses(&pools)
        for (index, service) in services.enumerated() {
            for (slot, outcome) in outcomes[index] {
                let endpoints = try endpoints(of: service, &pools)
                let weight = declared[index].weights.dropFirst(slot - 1).first ?? 1
                append(outcome, service, slot: slot, endpoints, weight: weight)
            }
        }
    }

    private mutating func append(
        _ outcome: PlacementOutcome, _ service: Service, slot: Int, _ endpoints: [Task.Endpoint],
        weight: UInt32
    ) {
        let suffix = service.mode == .global ? nodes[slot - 1].name : "\(slot)"
        let name = "\(service.name).\(suffix)"
        switch outcome {
        case .placed(let node):
            tasks.append(
                Task(
                    id: TaskID(tasks.count), service: service.id, slot: slot, name: name,
                    node: node, endpoints: endpoints, weight: weight))
        case .pending(let reason):
            pendingTasks.append(
                PendingTask(
                    service: service.id, slot: slot, name: name, endpoints: endpoints,
                    reason: reason))
        }
    }

    /// The networks of a service that give addresses: ingress first.
    private func addressedNetworks(of service: Service) -> [NetworkID] {
        let ingress = service.isOnIngress ? networks.prefix(1).map(\.id) : []
        return ingress + service.attachments.map(\.network).filter { self[$0].driver.hasAddresses }
    }

    /// On ingress every node has an endpoint, elsewhere the nodes that run a task of the network.
    private mutating func assignBalancers(
        _ pools: inout [EndpointPool], _ outcomes: [[(slot: Int, outcome: PlacementOutcome)]]
    ) throws(MeshError) {
        var present = networks.map { network in
            Array(repeating: network.isIngress, count: nodes.count)
        }
        for service in services {
            let attached = service.attachments.map(\.network).filter { self[$0].driver == .overlay }
            for entry in outcomes[service.id.rawValue] {
                guard case .placed(let node) = entry.outcome else { continue }
                for network in attached { present[network.rawValue][node.rawValue] = true }
            }
        }
        for index in networks.indices {
            for node in nodes where present[index][node.id.rawValue] {
                let what = "the load balancer of node '\(node.name)'"
                let pair = try pools[index].allocate(what, networks[index].subject)
                networks[index].balancers.append(
                    Network.Balancer(node: node.id, v4: pair.v4, v6: pair.v6, mac: pair.mac))
            }
        }
    }

    private mutating func assignVirtualAddresses(
        _ pools: inout [EndpointPool]
    ) throws(MeshError) {
        for index in services.indices where services[index].endpointMode == .vip {
            for network in addressedNetworks(of: services[index])
            where self[network].driver == .overlay {
                let pair = try pools[network.rawValue].allocate("VIP", .service(index))
                services[index].virtualAddresses.append(
                    Service.VirtualAddress(network: network, v4: pair.v4, v6: pair.v6))
            }
        }
    }

    private func endpoints(
        of service: Service, _ pools: inout [EndpointPool]
    ) throws(MeshError) -> [Task.Endpoint] {
        var endpoints: [Task.Endpoint] = []
        for network in addressedNetworks(of: service) {
            let pair = try pools[network.rawValue].allocate(
                "a task's address", .service(service.id.rawValue))
            endpoints.append(
                Task.Endpoint(network: network, v4: pair.v4, v6: pair.v6, mac: pair.mac))
        }
        return endpoints
    }
}

extension Network {
    fileprivate var subject: MeshError.Subject {
        isIngress ? .ingress : .network(id.rawValue - 1)
    }
}

/// The address pools of one network, both families in step.
private struct EndpointPool {
    private var v4: AddressPool<IPv4Prefix>?
    private var v6: AddressPool<IPv6Prefix>?

    init(_ network: Network) {
        v4 = network.v4.map { Self.pool($0) }
        v6 = network.v6.map { Self.pool($0) }
    }

    private static func pool<P>(_ subnet: Subnet<P>) -> AddressPool<P> {
        var pool = AddressPool(prefix: subnet.prefix, range: subnet.range)
        pool.reserve(subnet.gateway)
        return pool
    }

    mutating func allocate(
        _ what: String, _ subject: MeshError.Subject
    ) throws(MeshError) -> (v4: IPv4Address?, v6: IPv6Address?, mac: MACAddress) {
        let first = try Self.allocate(&v4, what, subject)
        let second = try Self.allocate(&v6, what, subject)
        let mac =
            first.map { MACAddress(from: $0) } ?? second.map { MACAddress(from: $0) }
            ?? MACAddress(rawValue: 0)
        return (first, second, mac)
    }

    private static func allocate<P>(
        _ pool: inout AddressPool<P>?, _ what: String, _ subject: MeshError.Subject
    ) throws(MeshError) -> P.Address? {
        guard let prefix = pool?.prefix else { return nil }
        if let address = pool?.allocate() { return address }
        throw MeshError(subject, .noAvailableAddress(what: what, subnet: prefix.description))
    }
}
