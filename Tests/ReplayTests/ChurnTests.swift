// Goal: `--without` counts what a planned removal moves, in both its parts, and removal of one of N
// tasks moves no more than 1/N + 2 % of the flows. Method: a recount that compiles the two meshes
// itself and reads the flows from the trace itself; random stacks and random flows for the bound.

import Dataplane
import Mesh
import Replay
import Testing
import Wire

@Suite struct ChurnTests {
    private func churn(
        _ path: String, _ cluster: Cluster, without name: String, _ options: ReplayOptions,
        flowCountMax: Int = 1 << 20
    ) throws -> (churn: Churn, seen: SeenFlows) {
        let program = Compilation(cluster).program(for: NodeID(0))
        var witness = ChurnWitness(program, flowCountMax: flowCountMax, before: NoObserver())
        try Replaying.replay(path, through: cluster, options, &witness)
        let task = try #require(try cluster.tasks(named: [name]).first)
        let seen = witness.seen
        return (Churn(removing: task, from: cluster, seen: seen), seen)
    }

    /// The distinct flows to published ports in a trace of sound, untagged, whole IPv4 and IPv6
    /// packets, by service.
    private func flows(_ path: String, _ cluster: Cluster) throws -> [Int: Set<FlowKey>] {
        let nodes = Set(cluster.nodes.flatMap(\.addresses))
        var flows: [Int: Set<FlowKey>] = [:]
        for (frame, _) in try TraceFile.read(path) {
            let bytes = frame.bytes
            let isIPv4 = word(bytes, 12) == 0x0800
            guard isIPv4 || word(bytes, 12) == 0x86dd else { continue }
            let proto = IPProtocol(rawValue: isIPv4 ? bytes[23] : bytes[20])
            guard [.tcp, .udp, .sctp].contains(proto) else { continue }
            if isIPv4, word(bytes, 20) & 0x1fff != 0 { continue }
            let (first, length) = isIPv4 ? (26, 4) : (22, 16)
            guard let source = address(bytes[first..<first + length]),
                let target = address(bytes[(first + length)..<(first + 2 * length)]),
                nodes.contains(target)
            else { continue }
            let ports = first + 2 * length
            let port = Port(word(bytes, ports + 2))
            let service = cluster.services.first { service in
                service.ports.contains { $0.proto == proto && $0.published == port }
            }
            guard let service else { continue }
            let key = FlowKey(
                client: IPv6Address(source), clientPort: Port(word(bytes, ports)),
                servicePort: port, proto: proto)
            flows[service.id.rawValue, default: []].insert(key)
        }
        return flows
    }

    private func address(_ bytes: ArraySlice<UInt8>) -> IPAddress? {
        let value = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        if bytes.count == 4 {
            return .v4(IPv4Address(rawValue: UInt32(value.joined(), radix: 16) ?? 0))
        }
        guard let high = UInt64(value[..<8].joined(), radix: 16),
            let low = UInt64(value[8...].joined(), radix: 16)
        else { return nil }
        return .v6(IPv6Address(high: high, low: low))
    }

    @Test(arguments: [
        ("generated.pcap", "bench_web.3"), ("generated.pcap", "bench_dns.1"),
        ("generated.pcap", "bench_signal.2"), ("dual-stack.pcap", "dual-stack_web.5"),
    ])
    func `both parts are what a recount finds`(trace: String, name: String) throws {
        let fixture = Fixture[trace]
        let cluster = try fixture.cluster()
        let (churn, seen) = try churn(
            fixture.path, cluster, without: name, ReplayOptions(policy: .roundRobin))
        var smaller = cluster
        let task = try #require(cluster.tasks.firstIndex { $0.name == name })
        smaller.tasks[task].weight = 0
        let (before, after) = (Compilation(cluster), Compilation(smaller))
        let programs = (before.program(for: NodeID(1)), after.program(for: NodeID(1)))
        let flows = try flows(fixture.path, cluster)
        for (service, row) in zip(cluster.services, churn.services) {
            var expected = Churn.Counts()
            for flow in flows[service.id.rawValue] ?? [] {
                guard let port = programs.0.ports.find(flow.proto, flow.servicePort) else {
                    continue
                }
                let old = programs.0.choose(flow, service: port.service, target: port.target)
                let new = programs.1.choose(flow, service: port.service, target: port.target)
                let names = (
                    old.map { before.task($0.endpoint).name },
                    new.map { after.task($0.endpoint).name }
                )
                expected.flows += 1
                #expect(names.1 != name)
                if names.0 == name {
                    expected.leaving += 1
                } else if names.0 != names.1 {
                    expected.collateral += 1
                }
            }
            #expect(row.name == service.name)
            #expect(row.counts == expected, "\(service.name)")
        }
        #expect(churn.total.flows == UInt64(flows.values.reduce(0) { $0 + $1.count }))
        #expect(seen.count == Int(churn.total.flows) && !churn.isCapped)
        #expect(churn.total.leaving > 0)
        let moved = churn.services.filter { $0.counts.moved > 0 }.map(\.name)
        #expect(moved == [cluster[cluster.tasks[task].service].name])
    }

    @Test func `no more flows are held than asked for, and the report says so`() throws {
        let fixture = Fixture["generated.pcap"]
        let cluster = try fixture.cluster()
        let (churn, seen) = try churn(
            fixture.path, cluster, without: "bench_web.1", ReplayOptions(), flowCountMax: 100)
        #expect(seen.count == 100 && seen.isCapped && churn.isCapped)
        #expect(churn.total.flows == 100)
    }

    @Test func `a service that loses its only task loses all flows`() throws {
        let cluster = try Replaying.cluster(
            text: """
                services:
                  one: { image: a, ports: ["8080:80"], deploy: { replicas: 1 } }
                """)
        let path = Fixture["real.pcap"].path
        let (churn, _) = try churn(
            path, cluster, without: "test_one.1",
            ReplayOptions(
                remaps: ["tcp port 8080=one:8080"]))
        #expect(churn.total.flows > 50)
        #expect(churn.total.leaving == churn.total.flows && churn.total.collateral == 0)
        #expect(churn.services[0].bound == 1.02 && churn.services[0].isWithinBound)
    }

    @Test func `a name that no task has is refused with the names there are`() throws {
        let cluster = try Replaying.cluster("dual-stack")
        let error = #expect(throws: ReplayError.self) { try cluster.tasks(named: ["web.9"]) }
        #expect(
            error?.description.hasPrefix("--without 'web.9': no such task (dual-stack_web.1, ")
                == true)
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `removing one of N tasks moves 1 in N and 2 percent at most`(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        let count = Int.random(in: 2...60, using: &random)
        var specification = ClusterSpecification(name: "random\(seed)")
        for index in 0..<Int.random(in: 1...6, using: &random) {
            let last = UInt8(11 + index)
            specification.nodes.append(
                NodeSpecification(
                    name: "node\(index + 1)", vtep: .v4(IPv4Address(198, 51, 100, last)),
                    addresses: [.v4(IPv4Address(192, 0, 2, last))]))
        }
        specification.settings.hashKey = .init(
            k0: random.next(), k1: random.next())
        var service = ServiceSpecification(name: "service\(random.next() % 1000)")
        service.mode = .replicated(count)
        service.ports = [PortSpecification(published: Port(80), target: Port(80))]
        specification.services = [service]
        let cluster = try Cluster.assemble(specification)
        let compilation = Compilation(cluster)
        let program = compilation.program(for: NodeID(0))
        let binding = try #require(program.ports.find(.tcp, Port(80)))
        let removed = Int(random.next() % UInt64(count))
        var smaller = cluster
        smaller.tasks[removed].weight = 0
        let after = Compilation(smaller).program(for: NodeID(0))
        var (leaving, collateral) = (0, 0)
        for _ in 0..<20_000 {
            let flow = FlowKey(
                client: IPv6Address(
                    mapped: IPv4Address(rawValue: UInt32.random(in: 1...(.max), using: &random))),
                clientPort: Port(UInt16.random(in: 1...(.max), using: &random)),
                servicePort: Port(80), proto: .tcp)
            let old = try #require(program.choose(flow, service: binding.service, target: Port(80)))
            let new = try #require(after.choose(flow, service: binding.service, target: Port(80)))
            if compilation.task(old.endpoint).id.rawValue == removed {
                leaving += 1
                #expect(new.endpoint != old.endpoint)
            } else if new.endpoint != old.endpoint {
                collateral += 1
            }
        }
        let bound = 1 / Double(count) + 0.02
        #expect(Double(leaving + collateral) / 20_000 <= bound, "\(count) tasks")
        #expect(leaving > 0)
    }
}
