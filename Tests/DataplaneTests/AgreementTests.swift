// Goal: every node chooses the same task for a flow, whatever node address it was sent to; tasks
// are hit as evenly as the hash allows; new flows avoid draining tasks. Method: random clusters and
// flows from printed seeds; packets are judged, not functions called.

import Dataplane
import Mesh
import Testing
import Wire

@Suite struct AgreementTests {
    /// 1 to 20 nodes, 1 to 50 published services of 1 to 12 weighted tasks.
    private func cluster(_ generator: inout SeededGenerator) throws -> Cluster {
        var specification = ClusterSpecification.nodes(generator.number(1...20))
        let base = try #require(IPv4Prefix("10.0.0.0/8"))
        specification.settings.pools = [try #require(SubnetPool(base: base, subnetLength: 16))]
        let protocols: [IPProtocol] = [.tcp, .udp, .sctp]
        for index in 0..<generator.number(1...50) {
            var service = ServiceSpecification(
                "service\(index)", replicas: generator.number(1...12),
                publish: [
                    PortSpecification(
                        UInt16(1_000 + index), UInt16(index + 1),
                        protocols[generator.number(0...2)])
                ])
            service.weights = (0..<12).map { _ in UInt32(generator.number(1...5)) }
            specification.services.append(service)
        }
        specification.settings.hashKey = HashKey(
            k0: generator.next(), k1: generator.next())
        return try Cluster.assemble(specification)
    }

    /// The task that a packet ends at when it enters by a node.
    private func task(_ draft: Draft, _ mesh: TestMesh, enteringBy node: Int) -> EndpointIndex? {
        let target = mesh.address(node, isIPv6: draft.addresses.isIPv6)
        let frame = draft.with(\.target, target).frame
        // Long enough for the flow to be forgotten: it keeps to the address that it began with.
        mesh.now += .seconds(200)
        guard case .delivered(let endpoint) = mesh.send(frame, at: node).last?.verdict else {
            return nil
        }
        return endpoint
    }

    @Test(arguments: UInt64(1)...12)
    func `every entry node chooses the same task`(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let mesh = TestMesh(try cluster(&generator))
        for _ in 0..<15 {
            let service = mesh.cluster.services[
                generator.number(0...mesh.cluster.services.count - 1)]
            let isIPv6 = generator.number(0...1) == 1
            let transport: Draft.Transport =
                switch service.ports[0].proto {
                case .tcp: .tcp(.syn)
                case .udp: .udp
                default: .sctp(.initiation)
                }
            let draft = Draft(
                transport, from: generator.client(isIPv6: isIPv6), generator.port().rawValue,
                to: isIPv6 ? Sender.node6 : Sender.node4, service.ports[0].published.rawValue)
            let choices = (0..<mesh.nodes.count).map { task(draft, mesh, enteringBy: $0) }
            #expect(choices[0] != nil, "seed \(seed)")
            #expect(choices.allSatisfy { $0 == choices[0] }, "seed \(seed)")
        }
    }

    @Test func `flows spread over the tasks as chance would have it`() throws {
        let mesh = try TestMesh.standard { $0.services[0].mode = .replicated(8) }
        let program = mesh.program()
        let binding = try #require(program.ports.find(.tcp, Port(8080)))
        var hits: [EndpointIndex: Int] = [:]
        // The clients of one subnet with consecutive ports: an affine hash would lump them.
        for index in 0..<80_000 {
            let client = IPv4Address(rawValue: 0xcb00_7100 + UInt32(index / 2_000))
            let flow = FlowKey(
                client: IPv6Address(mapped: client),
                clientPort: Port(UInt16(32_768 + index % 2_000)), servicePort: Port(8080),
                proto: .tcp)
            let choice = try #require(
                program.choose(flow, service: binding.service, target: binding.target))
            hits[choice.endpoint, default: 0] += 1
        }
        #expect(hits.count == 8)
        // 10,000 each; the table's own error is 1 % at most, five standard deviations are 468.
        #expect(hits.values.allSatisfy { abs($0 - 10_000) < 568 }, "\(hits.values.sorted())")
    }

    @Test func `another key chooses otherwise`() throws {
        let meshes = try [1, 2].map { key in
            try TestMesh.standard {
                $0.settings.hashKey = HashKey(k0: UInt64(key), k1: 0)
            }
        }
        let differing = (UInt16(1)...300).count { port in
            let draft = Sender.web().with(\.sourcePort, port)
            return draft.choice(in: meshes[0]).endpoint != draft.choice(in: meshes[1]).endpoint
        }
        // Two in three by chance.
        #expect((150...250).contains(differing), "\(differing) of 300")
    }
}
