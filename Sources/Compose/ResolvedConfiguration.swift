// The resolved mesh as text: what `weft config` prints.
//
// The text is a Compose file in which everything is said: subnets, VNIs, ports, node addresses.
// What Compose has no place for (virtual addresses, tasks) follows under `x-resolved`. Invariants:
// equal clusters give equal bytes; loading the text again gives an equal cluster.

import Dataplane
import Mesh
import Wire

public enum ResolvedConfiguration {
    public static func text(_ cluster: Cluster) -> String {
        var writer = YAMLWriter()
        writer.put(0, "name", cluster.name)
        writeMesh(cluster, &writer)
        if cluster.networks.count > 1 { writer.open(0, "networks") }
        for network in cluster.networks.dropFirst() { write(network, cluster, &writer) }
        if !cluster.services.isEmpty { writer.open(0, "services") }
        for service in cluster.services { write(service, cluster, &writer) }
        writeResolved(cluster, &writer)
        return writer.text
    }

    private static func writeMesh(_ cluster: Cluster, _ writer: inout YAMLWriter) {
        let settings = cluster.settings
        writer.open(0, "x-mesh")
        writer.put(1, "mtu", settings.underlayMTU)
        writer.put(1, "vxlan_port", Int(settings.vxlanPort.rawValue))
        writer.put(1, "hash_key", settings.hashKey.hexadecimal)
        writer.put(1, "reply", settings.replyPath.rawValue)
        writer.put(1, "ipv6", settings.isIPv6Wanted)
        writer.put(
            1, "default_addr_pool", settings.pools.map { "\($0.base) \($0.subnetLength)" })
        if let ingress = cluster.ingress {
            writer.open(1, "ingress")
            writeAddressing(2, ingress, cluster, &writer)
        }
        writer.open(1, "nodes")
        for node in cluster.nodes { write(node, &writer) }
    }

    private static func write(_ node: Node, _ writer: inout YAMLWriter) {
        writer.item(2, "name", node.name)
        writer.put(3, "id", node.identifier)
        writer.put(3, "vtep", node.vtep.description)
        writer.put(3, "addresses", node.addresses.map { "\($0)" })
        writer.put(3, "mac", node.mac.description)
        writer.put(3, "role", node.role.rawValue)
        writer.put(3, "availability", node.availability.rawValue)
        write(3, node.labels, &writer)
    }

    /// As a list on one line; as a mapping where a key has an equals sign, at which the list would
    /// be divided.
    static func write(_ depth: Int, _ labels: [Label], _ writer: inout YAMLWriter) {
        if labels.isEmpty { return }
        guard labels.contains(where: { $0.key.utf8.contains(UInt8(ascii: "=")) }) else {
            return writer.put(depth, "labels", labels.map { "\($0.key)=\($0.value)" })
        }
        writer.open(depth, "labels")
        for label in labels { writer.put(depth + 1, label.key, label.value) }
    }

    private static func write(
        _ network: Network, _ cluster: Cluster, _ writer: inout YAMLWriter
    ) {
        writer.open(1, network.shortName)
        writer.put(2, "name", network.name)
        writer.put(2, "driver", network.driver.rawValue)
        if network.isInternal { writer.put(2, "internal", true) }
        if network.isAttachable { writer.put(2, "attachable", true) }
        guard network.driver.hasAddresses else { return }
        if network.v4 == nil { writer.put(2, "enable_ipv4", false) }
        if network.v6 != nil { writer.put(2, "enable_ipv6", true) }
        writeAddressing(2, network, cluster, &writer)
    }

    private static func writeAddressing(
        _ depth: Int, _ network: Network, _ cluster: Cluster, _ writer: inout YAMLWriter
    ) {
        writer.open(depth, "driver_opts")
        let mtu = network.mtu + overhead(of: network, cluster)
        writer.put(depth + 1, "com.docker.network.driver.mtu", mtu)
        if let vni = network.vni {
            writer.put(depth + 1, "com.docker.network.driver.overlay.vxlanid_list", Int(vni))
        }
        if network.isEncrypted { writer.put(depth + 1, "encrypted", "") }
        if network.isDirectReturn { writer.put(depth + 1, "dsr", "") }
        writer.open(depth, "ipam")
        writer.open(depth + 1, "config")
        if let subnet = network.v4 { write(depth + 2, subnet, &writer) }
        if let subnet = network.v6 { write(depth + 2, subnet, &writer) }
    }

    private static func write<P>(
        _ depth: Int, _ subnet: Subnet<P>, _ writer: inout YAMLWriter
    ) {
        writer.item(depth, "subnet", subnet.prefix.description)
        writer.put(depth + 1, "gateway", subnet.gateway.description)
        if let range = subnet.range { writer.put(depth + 1, "ip_range", range.description) }
    }

    /// What the driver's MTU exceeds the network's by.
    private static func overhead(of network: Network, _ cluster: Cluster) -> Int {
        guard network.driver == .overlay else { return 0 }
        let isIPv4 = cluster.nodes.first?.vtep.isIPv4 ?? true
        return (isIPv4 ? 50 : 70) + (network.isEncrypted ? 26 : 0)
    }
}

extension HashKey {
    var hexadecimal: String {
        [k0, k1].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }
}
