// Services and what was decided for them, of the resolved configuration.
// Invariant: what is written here loads again to the same decisions.

import Mesh
import Wire

extension ResolvedConfiguration {
    static func write(_ service: Service, _ cluster: Cluster, _ writer: inout YAMLWriter) {
        writer.open(1, service.shortName)
        if !service.image.isEmpty { writer.put(2, "image", service.image) }
        writeDeploy(service, &writer)
        writer.open(2, "networks")
        for attachment in service.attachments {
            writer.open(3, cluster[attachment.network].shortName)
            writer.put(4, "aliases", attachment.aliases)
        }
        if !service.ports.isEmpty { writer.open(2, "ports") }
        for port in service.ports { write(port, &writer) }
        writer.open(2, "x-mesh")
        writer.put(3, "replicas_max", service.replicaCountMax)
        writer.put(3, "scheduler", service.scheduler.rawValue)
        let weights = weights(of: service, cluster)
        if weights.contains(where: { $0 != 1 }) {
            writer.put(3, "weights", weights.map { "\($0)" })
        }
    }

    /// By slot; a slot without a placed task weighs 1.
    private static func weights(of service: Service, _ cluster: Cluster) -> [UInt32] {
        let tasks = cluster.tasks(of: service.id)
        var weights = Array(repeating: UInt32(1), count: max(tasks.last?.slot ?? 0, 0))
        for task in tasks { weights[task.slot - 1] = task.weight }
        return weights
    }

    private static func writeDeploy(_ service: Service, _ writer: inout YAMLWriter) {
        writer.open(2, "deploy")
        switch service.mode {
        case .replicated(let count):
            writer.put(3, "mode", "replicated")
            writer.put(3, "replicas", count)
        case .global: writer.put(3, "mode", "global")
        }
        writer.put(3, "endpoint_mode", service.endpointMode.rawValue)
        write(3, service.labels, &writer)
        if service.constraints.isEmpty, service.maxReplicasPerNode == 0 { return }
        writer.open(3, "placement")
        if !service.constraints.isEmpty {
            writer.put(4, "constraints", service.constraints.map(\.description))
        }
        if service.maxReplicasPerNode > 0 {
            writer.put(4, "max_replicas_per_node", service.maxReplicasPerNode)
        }
    }

    private static func write(_ port: PublishedPort, _ writer: inout YAMLWriter) {
        writer.item(3, "protocol", port.proto.publishedName ?? "tcp")
        if let name = port.name { writer.put(4, "name", name) }
        writer.put(4, "published", Int(port.published.rawValue))
        writer.put(4, "target", Int(port.target.rawValue))
        writer.put(4, "mode", port.mode.rawValue)
    }

    static func writeResolved(_ cluster: Cluster, _ writer: inout YAMLWriter) {
        writer.open(0, "x-resolved")
        writer.open(1, "balancers")
        for network in cluster.networks {
            for balancer in network.balancers {
                writer.item(2, "network", network.name)
                writer.put(3, "node", cluster[balancer.node].name)
                writer.put(3, "addresses", texts(balancer.v4, balancer.v6))
                writer.put(3, "mac", balancer.mac.description)
            }
        }
        writer.open(1, "virtual_addresses")
        for service in cluster.services {
            for address in service.virtualAddresses {
                writer.item(2, "service", service.name)
                writer.put(3, "network", cluster[address.network].name)
                writer.put(3, "addresses", texts(address.v4, address.v6))
            }
        }
        writer.open(1, "tasks")
        for task in cluster.tasks {
            writer.item(2, "name", task.name)
            writer.put(3, "node", cluster[task.node].name)
            write(task.endpoints, cluster, &writer)
        }
        for task in cluster.pendingTasks {
            writer.item(2, "name", task.name)
            writer.put(3, "pending", task.reason)
            write(task.endpoints, cluster, &writer)
        }
    }

    private static func write(
        _ endpoints: [Task.Endpoint], _ cluster: Cluster, _ writer: inout YAMLWriter
    ) {
        if !endpoints.isEmpty { writer.open(3, "endpoints") }
        for end in endpoints {
            writer.item(4, "network", cluster[end.network].name)
            writer.put(5, "addresses", texts(end.v4, end.v6))
            writer.put(5, "mac", end.mac.description)
        }
    }

    private static func texts(_ v4: IPv4Address?, _ v6: IPv6Address?) -> [String] {
        [v4.map { "\($0)" }, v6.map { "\($0)" }].compactMap { $0 }
    }
}
