// Goal: tasks share flows within 1 % of even. Method: slots are counted, all of them, and must be within
// 1 % of even or one slot; a million random flows must look like drawn from even shares, by a chi-square
// test that sound tables fail once in a million runs; the seed is fixed, so they never do here.

import Dataplane
import Mesh
import Replay
import Testing
import Wire

@Suite struct DistributionTests {
    /// One node, and an ingress network with room for all the tasks.
    private func cluster(tasks: Int) throws -> Cluster {
        var specification = ClusterSpecification(name: "even")
        specification.nodes = [
            NodeSpecification(
                name: "node1", vtep: .v4(IPv4Address(198, 51, 100, 11)),
                addresses: [.v4(IPv4Address(192, 0, 2, 11))])
        ]
        let prefix = try #require(IPv4Prefix("10.64.0.0/16"))
        specification.ingress.v4 = SubnetSpecification(prefix: prefix)
        var service = ServiceSpecification(name: "web")
        service.mode = .replicated(tasks)
        service.ports = [PortSpecification(published: Port(80), target: Port(80))]
        specification.services = [service]
        return try Cluster.assemble(specification)
    }

    @Test(arguments: [1, 2, 3, 5, 10, 16, 99, 100, 300, 655, 1_000])
    func `slots are within 1 percent of even`(tasks: Int) throws {
        let program = Compilation(try cluster(tasks: tasks)).program(for: NodeID(0))
        let binding = try #require(program.ports.find(.tcp, Port(80)))
        let service = program.services[binding.service]
        #expect(Int(service.slotCount) >= 100 * tasks)
        var counts = [Int](repeating: 0, count: program.endpoints.count)
        for slot in 0..<service.slotCount {
            let endpoint = try #require(program.services.endpoint(at: slot, of: service))
            counts[Int(endpoint.rawValue)] += 1
        }
        let even = Double(service.slotCount) / Double(tasks)
        #expect(counts.count { $0 > 0 } == tasks)
        for count in counts where count > 0 {
            #expect(abs(Double(count) - even) <= 0.01 * even)
        }
    }

    @Test(arguments: [2, 16, 100, 300])
    func `a million random flows fall evenly`(tasks: Int) throws {
        let program = Compilation(try cluster(tasks: tasks)).program(for: NodeID(0))
        let binding = try #require(program.ports.find(.tcp, Port(80)))
        var counts = [UInt64](repeating: 0, count: program.endpoints.count)
        var random = SplitMix64(state: UInt64(tasks))
        for _ in 0..<1_000_000 {
            let bits = random.next()
            let flow = FlowKey(
                client: IPv6Address(mapped: IPv4Address(rawValue: UInt32(bits >> 32))),
                clientPort: Port(UInt16(bits & 0xffff)), servicePort: Port(80), proto: .tcp)
            let choice = program.choose(flow, service: binding.service, target: binding.target)
            counts[Int(try #require(choice).endpoint.rawValue)] += 1
        }
        let observed = counts.filter { $0 > 0 }
        #expect(observed.count == tasks)
        let test = try #require(ChiSquare(observed: observed, weights: observed.map { _ in 1 }))
        #expect(test.pValue > 1e-6, "\(test.statistic)")
    }
}
