// Goal: which node a packet enters by changes nothing about where it goes. Method: every bundled trace
// by every entry policy; packet by packet, and flow by flow as the tasks see them, against the replay
// that enters by address. A packet that one way is too big for the overlay, the other way is not, is
// the only difference allowed.

import Dataplane
import Mesh
import Replay
import Testing
import Traffic

@Suite struct EntryPolicyTests {
    private func run(
        _ fixture: Fixture, _ cluster: Cluster, _ policy: EntryPolicy
    ) throws -> (FateObserver, Outcome) {
        var observer = FateObserver(Compilation(cluster).program(for: NodeID(0)))
        let options = ReplayOptions(policy: policy, remaps: fixture.remaps)
        let outcome = try Replaying.replay(fixture.path, through: cluster, options, &observer)
        return (observer, outcome)
    }

    @Test(arguments: Fixture.all)
    func `every entry policy leads every flow to the same task`(fixture: Fixture) throws {
        let cluster = try fixture.cluster()
        let (expected, reference) = try run(fixture, cluster, .address)
        #expect(!expected.tasks.isEmpty)
        let texts = ["round-robin", "hash"] + cluster.nodes.map(\.name)
        for text in texts {
            let policy = try #require(EntryPolicy(text, cluster))
            let (actual, outcome) = try run(fixture, cluster, policy)
            compare(expected, actual, "\(fixture.testDescription), \(text)")
            #expect(outcome.tally == reference.tally)
            let tooBig = [reference, outcome].contains { $0.report.dropped("packetTooBig") > 0 }
            for (a, b) in zip(reference.report.services, outcome.report.services) where !tooBig {
                #expect(a.flows == b.flows, "\(a.name) by \(text)")
            }
        }
    }

    private func compare(_ expected: FateObserver, _ actual: FateObserver, _ comment: Comment) {
        var differences = 0
        for (number, isRequest) in expected.isRequest where isRequest {
            let (a, b) = (expected.endpoint(number), actual.endpoint(number))
            let isTooBig = [expected, actual].contains {
                $0.fates[number]?.last == .dropped(.packetTooBig)
            }
            if a != b, !isTooBig { differences += 1 }
        }
        #expect(differences == 0, comment)
        var split = 0
        for (flow, tasks) in expected.tasks {
            let both = tasks.union(actual.tasks[flow] ?? [])
            if both.count != 1 { split += 1 }
        }
        #expect(split == 0, comment)
    }

    @Test func `a node's name makes every client's packet enter there`() throws {
        let fixture = Fixture["dual-stack.pcap"]
        let cluster = try fixture.cluster()
        for node in cluster.nodes {
            let policy = try #require(EntryPolicy(node.name, cluster))
            let (observer, _) = try run(fixture, cluster, policy)
            let entries = observer.isRequest.filter(\.value).keys.map { observer.entries[$0] }
            #expect(Set(entries) == [NodeIndex(node.id.rawValue)])
        }
    }

    @Test func `round-robin uses every node alike`() throws {
        let cluster = try Replaying.cluster("bench")
        var specification = TrafficSpecification()
        specification.flowCount = 50
        specification.packetCount = 1_001
        specification.targets = [TrafficTarget("tcp/192.0.2.11:80")].compactMap(\.self)
        specification.ipv6 = .none
        (specification.udp, specification.sctp) = (.none, .none)
        let frames = try TraceFile.generate(specification).map(\.frame)
        var observer = FateObserver(Compilation(cluster).program(for: NodeID(0)))
        try withDirectory { directory in
            let path = "\(directory)/clients.pcap"
            try TraceFile.write(frames, to: path)
            let options = ReplayOptions(policy: .roundRobin)
            try Replaying.replay(path, through: cluster, options, &observer)
        }
        var counts = [Int](repeating: 0, count: cluster.nodes.count)
        for entry in observer.entries.values { counts[Int(entry.rawValue)] += 1 }
        #expect(counts == [251, 250, 250, 250])
    }

    @Test func `nothing but the four words and the nodes' names is an entry`() throws {
        let cluster = try Replaying.cluster("web")
        #expect(EntryPolicy("address", cluster) == .address)
        #expect(EntryPolicy("round-robin", cluster) == .roundRobin)
        #expect(EntryPolicy("hash", cluster) == .hash)
        #expect(EntryPolicy("node2", cluster) == .node(NodeIndex(1)))
        for text in ["", "node4", "Address", "round_robin", " node1", "node1 "] {
            #expect(EntryPolicy(text, cluster) == nil, "\(text)")
        }
    }
}

extension ReplayReport {
    func dropped(_ reason: String) -> UInt64 {
        drops.first { $0.reason == reason }?.packets ?? 0
    }
}
