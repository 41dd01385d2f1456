// From the cluster to the flat programs that its nodes' data planes run.
//
// A compilation holds what all nodes share: endpoints, services and their slots, and the addresses
// that lead to them. A node's program adds what only that node has. Invariant: pure, and equal for
// equal clusters; so nodes that agree on the cluster agree on the task of every flow.

import Dataplane
import Wire

/// Node `node`'s program. To compile all nodes of a cluster, make one `Compilation`.
public func compile(_ cluster: Cluster, for node: NodeID, epoch: UInt64 = 1) -> Program {
    Compilation(cluster).program(for: node, epoch: epoch)
}

public struct Compilation: Sendable {
    public internal(set) var cluster: Cluster
    /// By `EndpointIndex`: whose endpoint it is.
    public private(set) var tasks: [TaskID] = []
    /// By `VirtualServiceIndex`: which ports it stands for; every port of a virtual address if nil.
    public private(set) var hostPorts: [HostPort?] = []
    var endpoints: [Endpoint] = []
    /// By `TaskID`: the index of its first endpoint.
    private(set) var firstEndpoint: [Int] = []
    var services = ServiceTable()
    /// By `ServiceID`: the index of its first row, and at the end the number of rows.
    private(set) var firstRow: [Int] = []
    var addresses = AddressTable()
    private var ports = PortTable()

    /// A service's host-mode ports on one node: they reach that node's own tasks only.
    public struct HostPort: Hashable, Sendable {
        public var node: NodeID
    }

    public init(_ cluster: Cluster) {
        self.cluster = cluster
        addNodes()
        addEndpoints()
        for service in cluster.services { add(service) }
        firstRow.append(services.count)
    }

    /// What the replay and reports call the endpoint.
    public func task(_ endpoint: EndpointIndex) -> Task {
        cluster[tasks[Int(endpoint.rawValue)]]
    }

    /// The program of one node.
    public func program(for node: NodeID, epoch: UInt64 = 1) -> Program {
        let settings = cluster.settings
        var program = Program(
            epoch: epoch, node: NodeIndex(node.rawValue), hashKey: settings.hashKey,
            vxlanPort: settings.vxlanPort, replyPath: settings.replyPath,
            routerMAC: Self.routerMAC, ingress: NetworkIndex(cluster.ingress?.id.rawValue ?? 0),
            peers: peers, networks: cluster.networks.map { overlay($0, on: node) },
            endpoints: endpoints)
        program.services = services
        program.setAddresses(addresses(seenBy: node))
        program.ports = ports
        addHostPorts(of: node, to: &program)
        return program
    }

    /// Where a node sends what is for clients: the next hop, which a capture does not tell. Locally
    /// administered; the letters after 02 spell WEFT.
    public static let routerMAC = MACAddress(rawValue: 0x0257_4546_5400)
}

// What all nodes share.
extension Compilation {
    private mutating func addNodes() {
        for node in cluster.nodes {
            let index = NodeIndex(node.id.rawValue)
            addresses.insert(IPv6Address(node.vtep), in: .underlay, .node(index))
            for address in node.addresses {
                addresses.insert(IPv6Address(address), in: .clients, .node(index))
            }
        }
        for network in cluster.networks {
            let scope = AddressScope.network(NetworkIndex(network.id.rawValue))
            for balancer in network.balancers {
                let target = AddressTarget.balancer(NodeIndex(balancer.node.rawValue))
                insert(balancer.v4, balancer.v6, in: scope, target)
            }
        }
    }

    private mutating func addEndpoints() {
        for task in cluster.tasks {
            firstEndpoint.append(endpoints.count)
            for endpoint in task.endpoints.map({ Dataplane.Endpoint(task, $0) }) {
                addresses.announce(endpoint, as: EndpointIndex(endpoints.count))
                endpoints.append(endpoint)
                tasks.append(task.id)
            }
        }
    }

    /// A row of slots for each network the service has an address on. The rows are alike: the same
    /// flow hash chooses the same task whichever network it comes by.
    private mutating func add(_ service: Service) {
        firstRow.append(services.count)
        let tasks = cluster.tasks(of: service.id)
        let slots = slots(of: service)
        for address in service.virtualAddresses {
            let index = append(service, on: address.network, tasks, slots)
            let network = NetworkIndex(address.network.rawValue)
            insert(address.v4, address.v6, in: .network(network), .service(index))
            if cluster[address.network].isIngress { publish(service.ports, .ingress, as: index) }
        }
        guard service.ports.contains(where: { $0.mode == .host }) else { return }
        for node in cluster.nodes {
            let own = hostTasks(of: service.id, on: node.id)
            guard let network = own.first?.endpoints.first?.network else { continue }
            _ = append(
                service, on: network, own, Self.slots(of: own), HostPort(node: node.id))
        }
    }

    /// The slots of a service's published ports and virtual addresses.
    func slots(of service: Service) -> [UInt16] {
        Self.slots(of: cluster.tasks(of: service.id), countMax: service.replicaCountMax)
    }

    static func slots(of tasks: some Collection<Task>, countMax: Int = 0) -> [UInt16] {
        Maglev.table(
            tasks.map(\.backend), size: Maglev.size(backendCount: max(countMax, tasks.count)))
    }

    /// The tasks that a service's host-mode ports on a node lead to.
    func hostTasks(of service: ServiceID, on node: NodeID) -> [Task] {
        cluster.tasks(of: service).filter { $0.node == node && !$0.endpoints.isEmpty }
    }

    private mutating func append(
        _ service: Service, on network: NetworkID, _ tasks: some Collection<Task>,
        _ slots: [UInt16], _ hostPort: HostPort? = nil
    ) -> VirtualServiceIndex {
        let attached = tasks.map { endpointIndex($0, on: network) }
        hostPorts.append(hostPort)
        return services.append(
            service: ServiceIndex(service.id.rawValue), network: NetworkIndex(network.rawValue),
            endpoints: attached, slots: attached.contains(.none) ? [] : slots)
    }

    private mutating func publish(
        _ published: [PublishedPort], _ mode: PublishedPort.Mode, as index: VirtualServiceIndex
    ) {
        for port in published where port.mode == mode {
            _ = ports.insert(
                PortBinding(
                    service: index, proto: port.proto, published: port.published,
                    target: port.target))
        }
    }

    private mutating func insert(
        _ v4: IPv4Address?, _ v6: IPv6Address?, in scope: AddressScope, _ target: AddressTarget
    ) {
        if let v4 { addresses.insert(IPv6Address(mapped: v4), in: scope, target) }
        if let v6 { addresses.insert(v6, in: scope, target) }
    }

    /// The endpoint of a task on a network; `none` if it has no address there.
    public func endpointIndex(_ task: Task, on network: NetworkID) -> EndpointIndex {
        let first = firstEndpoint[task.id.rawValue]
        guard let offset = task.endpoints.firstIndex(where: { $0.network == network }) else {
            return .none
        }
        return EndpointIndex(first + offset)
    }
}

// What only one node has.
extension Compilation {
    private var peers: [Peer] {
        let ingress = cluster.ingress
        return cluster.nodes.map { node in
            let balancer = ingress?.balancers.first { $0.node == node.id }
            return Peer(
                vtep: IPv6Address(node.vtep), mac: node.mac, ingressMAC: balancer?.mac ?? node.mac)
        }
    }

    private func overlay(_ network: Network, on node: NodeID) -> OverlayNetwork {
        let balancer = network.balancers.first { $0.node == node }
        return OverlayNetwork(
            vni: network.vni ?? .max, mtu: network.mtu,
            balancerMAC: balancer?.mac ?? cluster[node].mac, balancer4: balancer?.v4,
            balancer6: balancer?.v6)
    }

    /// All addresses, and the MACs of what the node has.
    private func addresses(seenBy node: NodeID) -> AddressTable {
        var addresses = addresses
        let index = NodeIndex(node.rawValue)
        for network in cluster.networks {
            let scope = AddressScope.mac(NetworkIndex(network.id.rawValue))
            for balancer in network.balancers where balancer.node == node {
                addresses.insert(balancer.mac, in: scope, .balancer(index))
            }
        }
        for (position, endpoint) in endpoints.enumerated() where endpoint.node == index {
            let scope = AddressScope.mac(endpoint.network)
            addresses.insert(endpoint.mac, in: scope, .endpoint(EndpointIndex(position)))
        }
        return addresses
    }

    private func addHostPorts(of node: NodeID, to program: inout Program) {
        for (position, hostPort) in hostPorts.enumerated() where hostPort?.node == node {
            let index = VirtualServiceIndex(position)
            let service = cluster[ServiceID(Int(services[index].service.rawValue))]
            for port in service.ports where port.mode == .host {
                _ = program.ports.insert(
                    PortBinding(
                        service: index, proto: port.proto, published: port.published,
                        target: port.target))
            }
        }
    }
}

extension Dataplane.Endpoint {
    init(_ task: Task, _ endpoint: Task.Endpoint) {
        self.init(
            identity: task.identity.rawValue, node: NodeIndex(task.node.rawValue),
            network: NetworkIndex(endpoint.network.rawValue),
            service: ServiceIndex(task.service.rawValue), mac: endpoint.mac,
            address4: endpoint.v4, address6: endpoint.v6)
    }
}

extension Task {
    /// Only a running task takes new flows.
    var backend: MaglevBackend {
        MaglevBackend(identity: identity.rawValue, weight: state == .running ? weight : 0)
    }
}
