// The mesh that fuzzed frames run through: that of bench-data/stacks/web.yml, written out, so that
// frames of the bundled traces go deep. Small tables, since every input starts a mesh of its own.

import Mesh
import Wire

enum FuzzMesh {
    /// Nil would mean that the declaration below contradicts itself.
    static let cluster: Cluster? = try? Cluster.assemble(specification)

    private static var specification: ClusterSpecification {
        var front = NetworkSpecification(name: "front")
        front.isIPv6Enabled = true
        return ClusterSpecification(
            name: "fuzz", nodes: (1...3).map(node), networks: [front],
            services: [
                service("web", 4, [published(8080, 80, .tcp)]),
                service("dns", 3, [published(5353, 53, .udp), published(5353, 53, .tcp)]),
                service("iperf", 2, [published(5201, 5201, .tcp), published(5201, 5201, .udp)]),
                service("signal", 2, [published(3868, 3868, .sctp)]),
            ])
    }

    private static func node(_ number: Int) -> NodeSpecification {
        let last = UInt8(10 + number)
        return NodeSpecification(
            name: "node\(number)", vtep: .v4(IPv4Address(198, 51, 100, last)),
            addresses: [
                .v4(IPv4Address(192, 0, 2, last)),
                // 2001:db8:0:1::11 and on: the digits are decimal to the eye.
                .v6(IPv6Address(high: 0x2001_0db8_0000_0001, low: UInt64(0x10 + number))),
            ])
    }

    private static func service(
        _ name: String, _ replicas: Int, _ ports: [PortSpecification]
    ) -> ServiceSpecification {
        var service = ServiceSpecification(name: name)
        service.mode = .replicated(replicas)
        service.replicaCountMax = replicas
        service.ports = ports
        service.attachments = [ServiceSpecification.AttachmentSpecification(network: "front")]
        return service
    }

    private static func published(
        _ port: UInt16, _ target: UInt16, _ proto: IPProtocol
    ) -> PortSpecification {
        PortSpecification(published: Port(port), target: Port(target), proto: proto)
    }
}
