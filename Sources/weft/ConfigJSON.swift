// `weft config --json`: schema weft.config/1. The same facts as the YAML, in the shape programs
// ask for: every element by name, addresses as text, tasks with their owners.

import Dataplane
import Mesh
import Wire

struct ClusterReport: Encodable {
    let schema = "weft.config/1"
    let name: String
    let underlayMTU: Int
    let vxlanPort: UInt16
    let replyPath: String
    let nodes: [NodeEntry]
    let networks: [NetworkEntry]
    let services: [ServiceEntry]
    let tasks: [TaskEntry]

    init(_ cluster: Cluster) {
        name = cluster.name
        underlayMTU = cluster.settings.underlayMTU
        vxlanPort = cluster.settings.vxlanPort.rawValue
        replyPath = cluster.settings.replyPath.rawValue
        nodes = cluster.nodes.map(NodeEntry.init)
        networks = cluster.networks.map { NetworkEntry($0, cluster) }
        services = cluster.services.map { ServiceEntry($0, cluster) }
        tasks =
            cluster.tasks.map { TaskEntry($0, cluster) }
            + cluster.pendingTasks.map { TaskEntry($0, cluster) }
    }

    struct NodeEntry: Encodable {
        let name: String
        let vtep: String
        let addresses: [String]
        let mac: String
        let role: String
        let availability: String

        init(_ node: Node) {
            name = node.name
            vtep = "\(node.vtep)"
            addresses = node.addresses.map { "\($0)" }
            mac = "\(node.mac)"
            role = node.role.rawValue
            availability = node.availability.rawValue
        }
    }

    /// Where something is on a network: a task, a virtual address, a node's load balancer.
    struct AttachmentEntry: Encodable {
        let network: String
        let addresses: [String]
        let mac: String?
        let node: String?

        init(
            _ network: Network, _ v4: IPv4Address?, _ v6: IPv6Address?, mac: MACAddress? = nil,
            node: Node? = nil
        ) {
            self.network = network.name
            addresses = [v4.map { "\($0)" }, v6.map { "\($0)" }].compactMap { $0 }
            self.mac = mac.map { "\($0)" }
            self.node = node?.name
        }
    }

    struct NetworkEntry: Encodable {
        let name: String
        let driver: String
        let vni: UInt32?
        let subnets: [String]
        let gateways: [String]
        let mtu: Int
        let isIngress: Bool
        let balancers: [AttachmentEntry]

        init(_ network: Network, _ cluster: Cluster) {
            name = network.name
            driver = network.driver.rawValue
            vni = network.vni
            subnets = [
                network.v4.map { "\($0.prefix)" }, network.v6.map { "\($0.prefix)" },
            ].compactMap { $0 }
            gateways = [
                network.v4.map { "\($0.gateway)" }, network.v6.map { "\($0.gateway)" },
            ].compactMap { $0 }
            mtu = network.mtu
            isIngress = network.isIngress
            balancers = network.balancers.map {
                AttachmentEntry(network, $0.v4, $0.v6, mac: $0.mac, node: cluster[$0.node])
            }
        }
    }

    struct PortEntry: Encodable {
        let proto: String
        let published: UInt16
        let target: UInt16
        let mode: String
    }

    struct ServiceEntry: Encodable {
        let name: String
        let image: String
        let mode: String
        let replicas: Int
        let endpointMode: String
        let scheduler: String
        let virtualAddresses: [AttachmentEntry]
        let ports: [PortEntry]

        init(_ service: Service, _ cluster: Cluster) {
            name = service.name
            image = service.image
            mode = service.mode == .global ? "global" : "replicated"
            replicas = cluster.tasks(of: service.id).count
            endpointMode = service.endpointMode.rawValue
            scheduler = service.scheduler.rawValue
            virtualAddresses = service.virtualAddresses.map {
                AttachmentEntry(cluster[$0.network], $0.v4, $0.v6)
            }
            ports = service.ports.map {
                PortEntry(
                    proto: "\($0.proto)", published: $0.published.rawValue,
                    target: $0.target.rawValue, mode: $0.mode.rawValue)
            }
        }
    }

    struct TaskEntry: Encodable {
        let name: String
        let service: String
        let node: String?
        /// Why no node would take it; of pending tasks only.
        let pending: String?
        let weight: UInt32?
        let endpoints: [AttachmentEntry]

        init(_ task: Task, _ cluster: Cluster) {
            name = task.name
            service = cluster[task.service].name
            node = cluster[task.node].name
            pending = nil
            weight = task.weight
            endpoints = Self.endpoints(task.endpoints, cluster)
        }

        init(_ task: PendingTask, _ cluster: Cluster) {
            name = task.name
            service = cluster[task.service].name
            node = nil
            pending = task.reason
            weight = nil
            endpoints = Self.endpoints(task.endpoints, cluster)
        }

        private static func endpoints(
            _ endpoints: [Task.Endpoint], _ cluster: Cluster
        ) -> [AttachmentEntry] {
            endpoints.map { AttachmentEntry(cluster[$0.network], $0.v4, $0.v6, mac: $0.mac) }
        }
    }
}
