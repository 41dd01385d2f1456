// Goal: `--remap` reads what its grammar allows, says in so many words what it does not, and aims both
// directions of somebody else's trace at a published port. Method: texts, good and bad; and a
// generated conversation with a server that is no part of the mesh, counted by the generator.

import Dataplane
import Mesh
import Replay
import Testing
import Traffic
import Wire

@Suite struct RemapTests {
    @Test(arguments: [
        "tcp port 443=web:8080", "tcp=web:8080", "=web:8080", "tcp port 443=web_web:8080",
        "tcp[13] & 2 = 2=web:8080", "ip[0] = 0x45 and tcp=dns:5353", "ether[0] & 1 == 0=iperf:5201",
    ])
    func `a rule is a filter, a service and a port it publishes`(text: String) throws {
        let cluster = try Replaying.cluster("web")
        #expect(throws: Never.self) { try RemapRule(text, cluster) }
    }

    @Test(arguments: [
        ("tcp port 443", "expected FILTER=SERVICE:PORT, as in 'tcp port 443=web:8080'"),
        ("", "expected FILTER=SERVICE:PORT, as in 'tcp port 443=web:8080'"),
        ("tcp=web", "expected SERVICE:PORT after '=', as in 'web:8080'"),
        ("tcp=web:", "expected SERVICE:PORT after '=', as in 'web:8080'"),
        ("tcp=web:8080:1", "expected SERVICE:PORT after '=', as in 'web:8080'"),
        ("tcp=web:65536", "expected SERVICE:PORT after '=', as in 'web:8080'"),
        ("tcp=web:-1", "expected SERVICE:PORT after '=', as in 'web:8080'"),
        ("tcp=shop:80", "no service 'shop' (web, dns, iperf, signal)"),
        ("tcp=:80", "no service '' (web, dns, iperf, signal)"),
        ("tcp=web:80", "service 'web' publishes 8080"),
        ("tcp=dns:80", "service 'dns' publishes 5353, 5353"),
    ])
    func `a rule that cannot be obeyed is refused with the reason`(
        text: String, reason: String
    ) throws {
        let cluster = try Replaying.cluster("web")
        #expect(throws: ReplayError.remap(text: text, reason: reason)) {
            try RemapRule(text, cluster)
        }
        #expect(
            ReplayError.remap(text: text, reason: reason).description
                == "--remap '\(text)': \(reason)")
    }

    @Test func `a filter that libpcap refuses is refused in its words`() throws {
        let cluster = try Replaying.cluster("web")
        let error = #expect(throws: ReplayError.self) {
            try RemapRule("tcp port=web:8080", cluster)
        }
        #expect(error?.description.contains("syntax error") == true)
        #expect(throws: ReplayError.self) {
            _ = try Replayer(cluster, ReplayOptions(filter: "tcp and and"))
        }
    }

    /// A conversation of 40 clients with a server that the mesh knows nothing of.
    private func conversation(_ target: String) throws -> [(frame: RawFrame, made: TrafficFrame)] {
        var specification = TrafficSpecification()
        specification.flowCount = 40
        specification.packetCount = 2_000
        specification.targets = [try #require(TrafficTarget(target))]
        (specification.udp, specification.sctp) = (.none, .none)
        specification.ipv6 = target.contains("[") ? .whole : .none
        specification.isBothDirections = true
        return try TraceFile.generate(specification)
    }

    @Test(arguments: ["tcp/192.88.99.7:443", "tcp/[2001:db8:77::7]:443"])
    func `both directions of a public trace become the service's`(target: String) throws {
        let cluster = try Replaying.cluster("web")
        let frames = try conversation(target)
        let ports = target.contains("[") ? 14 + 40 : 14 + 20
        let requests = frames.count { word($0.frame.bytes, ports + 2) == 443 }
        let replies = frames.count { word($0.frame.bytes, ports) == 443 }
        #expect(requests + replies == 2_000 && replies > 500)
        try withDirectory { directory in
            let path = "\(directory)/public.pcap"
            try TraceFile.write(frames.map(\.frame), to: path)
            for policy in [EntryPolicy.address, .roundRobin, .hash, .node(NodeIndex(2))] {
                let options = ReplayOptions(policy: policy, remaps: ["tcp port 443=web:8080"])
                var observer = ClientSideObserver()
                let report = try Replaying.replay(path, through: cluster, options, &observer)
                    .report
                let web = try #require(report.services.first)
                #expect(web.requests.packets == UInt64(requests))
                #expect(web.replies.packets == UInt64(replies))
                #expect(web.flows == 40)
                #expect(report.drops == [] && report.trace.replayed == 2_000)
                // What the client sees comes from a node, from the published port.
                #expect(observer.sourcePorts == [8080])
                #expect(observer.count == replies)
                let nodes = cluster.nodes.flatMap(\.addresses)
                #expect(observer.sources.allSatisfy(nodes.contains))
            }
        }
    }

    @Test func `one server becomes one node, whoever asks`() throws {
        // Story: the lower address was taken for the server, which clients could have.
        let cluster = try Replaying.cluster("web")
        var entries: Set<NodeIndex> = []
        for target in ["tcp/9.9.9.9:443", "tcp/203.0.113.99:443", "tcp/203.0.113.98:443"] {
            let frames = try conversation(target).filter { word($0.frame.bytes, 36) == 443 }
            var observer = FateObserver(Compilation(cluster).program(for: NodeID(0)))
            try withDirectory { directory in
                let path = "\(directory)/public.pcap"
                try TraceFile.write(frames.map(\.frame), to: path)
                let options = ReplayOptions(remaps: ["tcp=web:8080"])
                try Replaying.replay(path, through: cluster, options, &observer)
            }
            #expect(Set(observer.entries.values).count == 1, "\(target)")
            entries.formUnion(observer.entries.values)
        }
        #expect(entries.count > 1)
    }

    @Test func `without a rule the same trace is nothing to the mesh`() throws {
        let cluster = try Replaying.cluster("web")
        try withDirectory { directory in
            let path = "\(directory)/public.pcap"
            let frames = try conversation("tcp/192.88.99.7:443")
            try TraceFile.write(frames.map(\.frame), to: path)
            let report = try Replaying.replay(path, through: cluster).report
            #expect(report.dropped("notForMesh") == 2_000)
            #expect(report.services.allSatisfy { $0.flows == 0 })
        }
    }

    @Test func `packets that a rule matches in vain are counted`() throws {
        // Web publishes 8080 for TCP only.
        let cluster = try Replaying.cluster("web")
        let remaps = ["udp port 5353=web:8080", "udp=web:8080", "tcp port 1=web:8080"]
        var replayer = try Replayer(cluster, ReplayOptions(remaps: remaps))
        var nobody = NoObserver()
        let path = Fixture["real.pcap"].path
        try replayer.replay(path: path, observer: &nobody, clock: { 0 })
        func count(_ proto: UInt8, _ isMatching: (UInt16) -> Bool) throws -> UInt64 {
            let frames = try TraceFile.read(path).map(\.frame.bytes).filter { bytes in
                word(bytes, 12) == 0x0800 && bytes[23] == proto
                    || word(bytes, 12) == 0x86dd && bytes[20] == proto
            }
            return UInt64(
                frames.count { bytes in
                    let ports = word(bytes, 12) == 0x0800 ? 34 : 54
                    return isMatching(word(bytes, ports)) || isMatching(word(bytes, ports + 2))
                })
        }
        let matching = try count(17) { $0 == 5353 }
        #expect(matching > 100)
        #expect(replayer.unpublishedCounts.first == matching)
        #expect(replayer.unpublishedCounts.last == 0)
        let alone = try Replaying.replay(path, through: cluster).report
        let report = ReplayReport(replayer, input: path)
        #expect(report.services[1].ports == alone.services[1].ports)
        #expect(report.services[1].requests == alone.services[1].requests)
    }

    @Test func `the first rule that matches counts`() throws {
        let cluster = try Replaying.cluster("web")
        let frames = try conversation("tcp/192.88.99.7:443")
        try withDirectory { directory in
            let path = "\(directory)/public.pcap"
            try TraceFile.write(frames.map(\.frame), to: path)
            let remaps = ["udp=dns:5353", "tcp port 443=iperf:5201", "tcp=web:8080"]
            let report = try Replaying.replay(
                path, through: cluster, ReplayOptions(remaps: remaps)
            ).report
            #expect(report.services.map(\.flows) == [0, 0, 40, 0])
        }
    }
}
