// Services: names, networks, published ports and the bound on their tasks.
//
// All declared ports of all services are claimed before the first dynamic one is chosen, so a
// service that asks for "any port" never takes one that a later service names.

import Wire

extension Cluster {
    /// The services without their virtual addresses, which come with the other addresses.
    static func assembleServices(
        _ specification: ClusterSpecification, _ cluster: Cluster
    ) throws(MeshError) -> [Service] {
        try MeshLimits.check(
            count: specification.services.count, "services", limit: MeshLimits.serviceCountMax,
            .cluster
        )
        let ports = try assemblePorts(specification.services)
        let networks = Dictionary(
            cluster.networks.dropFirst().map { ($0.shortName, $0.id) },
            uniquingKeysWith: { a, _ in a })
        var names: Set<String> = []
        var taskCount = 0
        var services: [Service] = []
        for (index, declared) in specification.services.enumerated() {
            let subject = MeshError.Subject.service(index)
            try MeshLimits.check(name: declared.name, subject)
            guard names.insert(declared.name).inserted else {
                throw MeshError(subject, .nameTaken(declared.name))
            }
            var service = Service(declared, id: ServiceID(index), ports: ports[index])
            service.replicaCountMax = try bound(
                of: declared, nodeCount: cluster.nodes.count, subject)
            taskCount += declared.taskCount(nodeCount: cluster.nodes.count)
            try MeshLimits.check(count: taskCount, "tasks", limit: MeshLimits.taskCountMax, subject)
            service.attachments = try attachments(
                of: declared, index, networks, ingress: cluster.networks[0])
            services.append(service)
        }
        return services
    }

    private static func bound(
        of declared: ServiceSpecification, nodeCount: Int, _ subject: MeshError.Subject
    ) throws(MeshError) -> Int {
        let count = declared.taskCount(nodeCount: nodeCount)
        try MeshLimits.check(
            count, "the number of replicas", in: 0...MeshLimits.replicaCountMax, subject)
        let automatic = min(
            max(2 * count, MeshLimits.replicaCountMaxFloor), MeshLimits.replicaCountMax)
        let bound = declared.replicaCountMax ?? automatic
        try MeshLimits.check(bound, "replicas_max", in: 1...MeshLimits.replicaCountMax, subject)
        guard count <= bound else {
            throw MeshError(subject, .moreReplicasThanDeclared(replicas: count, bound: bound))
        }
        let weightMax = Int(MeshLimits.weightMax)
        for weight in declared.weights {
            try MeshLimits.check(Int(weight), "a weight", in: 0...weightMax, subject)
        }
        return bound
    }

    private static func attachments(
        of declared: ServiceSpecification, _ service: Int, _ networks: [String: NetworkID],
        ingress: Network
    ) throws(MeshError) -> [Service.Attachment] {
        var attachments: [Service.Attachment] = []
        for (index, attachment) in declared.attachments.enumerated() {
            let subject = MeshError.Subject.attachment(service: service, index: index)
            let name = attachment.network
            guard let network = networks[name] else {
                let isIngress = name == ingress.shortName
                throw MeshError(
                    subject, isIngress ? .attachedToIngress(name) : .unknownNetwork(name))
            }
            guard !attachments.contains(where: { $0.network == network }) else {
                throw MeshError(subject, .attachedTwice(name))
            }
            attachments.append(Service.Attachment(network: network, aliases: attachment.aliases))
        }
        return attachments
    }

    /// The published ports of every service, in the order declared.
    private static func assemblePorts(
        _ services: [ServiceSpecification]
    ) throws(MeshError) -> [[PublishedPort]] {
        var allocator = PortAllocator()
        for (index, service) in services.enumerated() {
            try claimPorts(of: service, index, services, &allocator)
        }
        var result: [[PublishedPort]] = []
        for (index, service) in services.enumerated() {
            var ports: [PublishedPort] = []
            for (position, port) in service.ports.enumerated() {
                let chosen =
                    port.published
                    ?? allocator.allocate(port.proto, mode: port.mode, service: index)
                guard let chosen else {
                    throw MeshError(.port(service: index, index: position), .noFreePort)
                }
                ports.append(
                    PublishedPort(
                        name: port.name, published: chosen, target: port.target, proto: port.proto,
                        mode: port.mode))
            }
            result.append(ports)
        }
        return result
    }

    private static func claimPorts(
        of service: ServiceSpecification, _ index: Int, _ services: [ServiceSpecification],
        _ allocator: inout PortAllocator
    ) throws(MeshError) {
        var own: Set<PortSpecification> = []
        for (position, port) in service.ports.enumerated() {
            let subject = MeshError.Subject.port(service: index, index: position)
            guard port.proto.publishedName != nil else {
                throw MeshError(subject, .unpublishableProtocol(port.proto.rawValue))
            }
            guard port.target.rawValue != 0, port.published?.rawValue != 0 else {
                throw MeshError(subject, .portZero)
            }
            if service.endpointMode == .dnsrr, port.mode == .ingress {
                throw MeshError(subject, .roundRobinWithIngressPort)
            }
            guard let published = port.published else { continue }
            // Equal for two ports that clients could not tell apart.
            let key = PortSpecification(published: published, target: published, proto: port.proto)
            guard own.insert(key).inserted else { throw MeshError(subject, .duplicatePorts) }
            let other = allocator.claim(published, port.proto, mode: port.mode, service: index)
            if let other {
                let name = services[other.service].name
                throw MeshError(subject, .portInUse(published, by: name, other.mode))
            }
        }
    }
}

extension ServiceSpecification {
    /// How many tasks it may come to; a global service one per node.
    fileprivate func taskCount(nodeCount: Int) -> Int {
        switch mode {
        case .replicated(let count): count
        case .global: nodeCount
        }
    }
}

extension Service {
    fileprivate init(
        _ specification: ServiceSpecification, id: ServiceID, ports: [PublishedPort]
    ) {
        self.init(
            id: id, name: specification.name, shortName: specification.shortName,
            image: specification.image, mode: specification.mode,
            endpointMode: specification.endpointMode, ports: ports,
            scheduler: specification.scheduler, constraints: specification.constraints,
            maxReplicasPerNode: specification.maxReplicasPerNode, labels: specification.labels)
    }

    /// Whether the ingress network carries traffic to it.
    public var isOnIngress: Bool { ports.contains { $0.mode == .ingress } }
}
