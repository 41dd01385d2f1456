// Goal: services that Swarm refuses are refused, in its words and at their place, and what is left
// open is chosen as it chooses. Method: one declaration per rule of swarmkit's controlapi.

import Mesh
import Testing
import Wire

@Suite struct ServiceRuleTests {
    private func web(
        _ ports: PortSpecification..., name: String = "web"
    ) -> ServiceSpecification {
        ServiceSpecification(name, publish: ports)
    }

    @Test func `dynamic ports start at 30000 and step around declared ones`() throws {
        var datagrams = web(PortSpecification(nil, 53), name: "dns")
        datagrams.ports[0].proto = .udp
        let specification = ClusterSpecification.nodes(1).with(
            web(PortSpecification(nil, 80), PortSpecification(nil, 81)), datagrams,
            web(PortSpecification(30_001, 80), name: "late"))
        let cluster = try Cluster.assemble(specification)
        let ports = cluster.services.map { $0.ports.map(\.published.rawValue) }
        #expect(ports == [[30_000, 30_002], [30_000], [30_001]])
    }

    @Test func `host-mode ports may be shared, ingress ports may not`() throws {
        let host = PortSpecification(80, 80, .host)
        let ingress = PortSpecification(80, 80)
        #expect(refusal(.nodes(2).with(web(host), web(host, name: "b"))) == nil)
        #expect(
            refusal(.nodes(2).with(web(host), web(ingress, name: "b")))?.description
                == "port '80' is already in use by service 'web' as a host-published port")
        #expect(
            refusal(.nodes(2).with(web(ingress), web(host, name: "b")))
                == MeshError(
                    .port(service: 1, index: 0), .portInUse(Port(80), by: "web", .ingress)))
        let both = refusal(.nodes(2).with(web(ingress, host)))
        #expect(both == MeshError(.port(service: 0, index: 1), .duplicatePorts))
        var datagram = ingress
        datagram.proto = .udp
        #expect(refusal(.nodes(2).with(web(ingress, datagram))) == nil)
    }

    @Test func `round-robin DNS cannot be published through ingress`() throws {
        var service = web(PortSpecification(80, 80))
        service.endpointMode = .dnsrr
        #expect(
            refusal(.nodes(1).with(service))
                == MeshError(.port(service: 0, index: 0), .roundRobinWithIngressPort))
        service.ports[0].mode = .host
        let cluster = try Cluster.assemble(.nodes(1).with(service))
        #expect(cluster.services[0].virtualAddresses.isEmpty)
    }

    @Test func `the dynamic range runs out with an error`() {
        let ports = Array(repeating: PortSpecification(nil, 80), count: 2769)
        let service = ServiceSpecification("web", publish: ports)
        #expect(
            refusal(.nodes(1).with(service))
                == MeshError(.port(service: 0, index: 2768), .noFreePort))
    }

    @Test(arguments: ["", "-web", "web-", "we b", "web.1", "wéb"])
    func `a name that is not a DNS component is refused`(name: String) {
        #expect(refusal(.nodes(1).with(web(name: name)))?.reason == .invalidName(name))
    }

    @Test func `names are unique and short`() {
        #expect(
            refusal(.nodes(1).with(web(), web())) == MeshError(.service(1), .nameTaken("web")))
        let long = String(repeating: "n", count: 64)
        #expect(refusal(.nodes(1).with(web(name: long)))?.reason == .longName(long))
        #expect(
            refusal(.nodes(1).with(NetworkSpecification(name: "ingress")))
                == MeshError(.network(0), .nameTaken("ingress")))
    }

    @Test func `the table bound is twice the replicas, at least eight, or as declared`() throws {
        func bound(_ replicas: Int, _ declared: Int? = nil) throws -> Int {
            var service = ServiceSpecification("web", replicas: replicas)
            service.replicaCountMax = declared
            return try Cluster.assemble(.nodes(1).with(service)).services[0].replicaCountMax
        }
        #expect(try bound(1) == 8)
        #expect(try bound(4) == 8)
        #expect(try bound(5) == 10)
        #expect(try bound(5, 7) == 7)
        #expect(throws: MeshError(.service(0), .moreReplicasThanDeclared(replicas: 5, bound: 4))) {
            try bound(5, 4)
        }
    }

    @Test func `nodes must be tellable apart`() {
        #expect(refusal(ClusterSpecification(name: "x")) == MeshError(.cluster, .noNodes))
        var specification = ClusterSpecification.nodes(2)
        specification.nodes[1].addresses = specification.nodes[0].addresses
        #expect(
            refusal(specification)?.description
                == "address 192.0.2.11 is already in use by node 'node1'")
        specification = .nodes(2)
        specification.nodes[1].vtep = .v6(IPv6Address(high: 1 << 61, low: 1))
        #expect(refusal(specification)?.reason == .underlayFamiliesMixed)
        specification = .nodes(1)
        specification.nodes[0].addresses = [.v4(IPv4Address(224, 0, 0, 1))]
        #expect(
            refusal(specification)?.reason == .unusableAddress(.v4(IPv4Address(224, 0, 0, 1))))
    }

    @Test func `weights go by slot`() throws {
        var service = ServiceSpecification("web", replicas: 3)
        service.weights = [5, 0]
        let cluster = try Cluster.assemble(.nodes(1).with(service))
        #expect(cluster.tasks.map(\.weight) == [5, 0, 1])
    }
}
