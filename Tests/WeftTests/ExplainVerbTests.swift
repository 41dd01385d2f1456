// Goal: the command tells the whole story, in text and in JSON, and says what is wrong with the right
// exit code. Method: the command run as a user does; names and addresses come from `weft config`.

import Foundation
import Testing

@Suite struct ExplainVerbTests {
    private struct Report: Decodable {
        struct Field: Decodable {
            let name: String
            let value: String
        }
        struct Header: Decodable {
            let header: String
            let offset: Int
            let fields: [Field]

            func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        }
        struct Hop: Decodable {
            let node: String
            let verdict: String
            let drop: String?
            let dropByte: Int?
            let toTask: String?
            let before: [Header]
            let after: [Header]
        }
        struct Decision: Decodable {
            struct Share: Decodable {
                let task: String
                let slots: Int
            }
            /// Nil, as the next three, where the decision led to no task.
            let task: String?
            let owner: String?
            let slot: Int?
            let hash: String?
            let slotCount: Int
            let shares: [Share]
        }
        let schema: String
        let skipped: String?
        let decision: Decision?
        let hops: [Hop]
        let answer: [Hop]
    }

    private struct Mesh: Decodable {
        struct Endpoint: Decodable {
            let network: String
            let addresses: [String]
        }
        struct Task: Decodable {
            let name: String
            let node: String
            let endpoints: [Endpoint]
        }
        let tasks: [Task]
    }

    private let web = WeftProcess.data("stacks/web.yml")
    private let real = WeftProcess.data("traces/real.pcap")

    private func report(_ arguments: [String]) throws -> Report {
        let finished = try WeftProcess.weft(["explain", "-c", web, "--json"] + arguments)
        #expect(finished.status == 0)
        return try JSONDecoder().decode(Report.self, from: Data(finished.output.utf8))
    }

    private func mesh() throws -> Mesh {
        let config = try WeftProcess.weft(["config", "-c", web, "--json"])
        return try JSONDecoder().decode(Mesh.self, from: Data(config.output.utf8))
    }

    @Test func `the story leads from the client to the task and back`() throws {
        let mesh = try mesh()
        var remoteCount = 0
        for port in 40_000..<40_012 {
            let report = try report(["tcp", "203.0.113.7:\(port)", "->", "node2:8080"])
            let decision = try #require(report.decision)
            let task = try #require(mesh.tasks.first { $0.name == decision.task })
            let address = try #require(
                task.endpoints.first { $0.network == "ingress" }?.addresses.first)
            #expect(report.schema == "weft.explain/1")
            #expect(decision.owner == task.node)
            #expect(decision.shares.reduce(0) { $0 + $1.slots } == decision.slotCount)
            #expect(try #require(decision.slot) < decision.slotCount)
            let delivered = try #require(report.hops.last)
            #expect(delivered.toTask == task.name)
            #expect(delivered.node == task.node)
            #expect(delivered.after[1].value("destination") == address)
            #expect(delivered.after[2].value("destination") == "80")
            #expect(delivered.after[1].value("source") == "203.0.113.7")
            let isRemote = task.node != "node2"
            remoteCount += isRemote ? 1 : 0
            #expect(report.hops.map(\.node) == (isRemote ? ["node2", task.node] : ["node2"]))
            #expect(report.answer.map(\.node) == report.hops.map(\.node).reversed())
            #expect(report.answer.last?.verdict == "clients")
            #expect(report.answer.last?.after[1].value("source") == "192.0.2.12")
            #expect(report.answer.last?.after[2].value("source") == "8080")
        }
        #expect((1...11).contains(remoteCount))
    }

    /// The first packet of the trace is a report of MLDv2, type 143 (RFC 3810).
    @Test func `an ICMP type without a name is its numbers`() throws {
        let run = try WeftProcess.weft(["explain", "-c", web, "-i", real, "--packet", "1"])
        #expect(run.status == 0 && run.output.contains("  ICMPv6     type 143/0  checksum "))
    }

    @Test func `the text names every step, and is the same every time`() throws {
        let arguments = ["explain", "-c", web, "udp [2001:db8:0:3::7]:40000 -> node1:5353"]
        let first = try WeftProcess.weft(arguments)
        #expect(first.status == 0)
        #expect(first.errors == "")
        #expect(first.output == (try WeftProcess.weft(arguments)).output)
        let decision = try #require(
            report(["udp [2001:db8:0:3::7]:40000 -> node1:5353"]).decision)
        let task = try #require(decision.task)
        let owner = try #require(decision.owner)
        let slot = try #require(decision.slot)
        let hash = try #require(decision.hash)
        for part in [
            "is an address of node1", "udp 5353 is published by web_dns", "listen on 53",
            "client [2001:db8:0:3::7]:40000, service port 5353", hash,
            "\(slot) of \(decision.slotCount)", task, "owned by \(owner)", "delivered to \(task)",
            "[hop limit 64 => 63]", "remembers the flow", "An answer from the task",
            "sent to the client",
        ] {
            #expect(first.output.contains(part), "\(part)")
        }
        #expect(!first.output.contains("\u{1b}"))
    }

    @Test func `a drop names its reason and its byte`() throws {
        let unpublished = try report(["tcp", "203.0.113.7:40000", "to", "node2:8081"])
        #expect(unpublished.hops.map(\.drop) == ["portNotPublished"])
        // Behind 14 bytes of Ethernet, 20 of IPv4 and the source port.
        #expect(unpublished.hops.first?.dropByte == 36)
        #expect(unpublished.decision?.task == nil)
        #expect(unpublished.answer.isEmpty)
        let elsewhere = try report(["tcp 203.0.113.7:40000 -> 198.51.100.99:80"])
        #expect(elsewhere.hops.map(\.drop) == ["notForMesh"])
        #expect(elsewhere.hops.first?.dropByte == 30)
    }

    @Test func `a packet of a trace is told as one of a flow is`() throws {
        let number = "300"
        let report = try report(["-i", real, "--packet", number])
        let tshark = try WeftProcess.run(
            "/usr/bin/tshark",
            ["-r", real, "-Y", "frame.number == \(number)", "-T", "fields", "-e", "ip.src"]
                + ["-e", "tcp.srcport"])
        let expected = try #require(tshark.lines.first).components(separatedBy: "\t")
        #expect(report.hops.last?.after[1].value("source") == expected[0])
        #expect(report.hops.last?.after[2].value("source") == expected[1])
        let piped = try WeftProcess.weft(
            ["explain", "-c", web, "-i", "-", "--packet", number], input: real)
        let named = try WeftProcess.weft(
            ["explain", "-c", web, "-i", real, "--packet", number])
        #expect(piped.lines.dropFirst() == named.lines.dropFirst())
    }

    @Test func `a packet that a node's own stack sent is not the mesh's`() throws {
        // The answer to a ping.
        let report = try report(["-i", real, "--packet", "15"])
        #expect(report.skipped == "host")
        #expect(report.hops.isEmpty)
    }

    private static let refusals: [(arguments: String, code: Int32)] = [
        ("", 64), ("tcp 203.0.113.7:1", 64), ("tcp 203.0.113.7:1 -> nowhere:80", 64),
        ("-i x.pcap", 64), ("--packet 1", 64), ("-i x --packet 0", 64),
        ("-i x --packet 1 tcp", 64), ("--pakcet 1", 64),
        ("tcp 203.0.113.7:1 -> node1:80 --entry node9", 64),
        ("tcp web.1:1 -> web:80 --entry node1", 64),
        ("-i /no/such.pcap --packet 1", 66), ("-i \(WeftProcess.data("README.md")) --packet 1", 65),
        ("-i \(WeftProcess.data("traces/real-raw.pcap")) --packet 301", 65),
        ("-i \(WeftProcess.data("traces/real-raw.pcap")) --packet 1 --remap x", 64),
    ]

    @Test(arguments: refusals)
    func `what cannot be explained ends with its code`(arguments: String, code: Int32) throws {
        let words = arguments.split(separator: " ").map(String.init)
        let finished = try WeftProcess.weft(["explain", "-c", web] + words)
        #expect(finished.status == code)
        #expect(finished.output == "")
        #expect(!finished.errors.isEmpty)
    }

    @Test func `the entry is the node that was asked for`() throws {
        let flow = "tcp 203.0.113.7:40000 -> node2:8080"
        let tasks = try ["node1", "node2", "node3", "hash", "round-robin"].map { entry in
            let report = try report([flow, "--entry", entry])
            if entry.hasPrefix("node") { #expect(report.hops.first?.node == entry) }
            return try #require(report.decision?.task)
        }
        #expect(Set(tasks).count == 1)
    }
}
