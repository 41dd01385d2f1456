// Goal: flows are read as they are written in the manual, and what is wrong is shown at its column.
// Method: tables of texts, with the addresses of the voting stack as its file gives them.

import Compose
import Foundation
import Mesh
import Replay
import Testing
import Wire

@Suite struct ExplainFlowTests {
    private let compilation: Compilation

    init() throws {
        let path = WeftProcess.data("stacks/voting.yml")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let options = ComposeOptions(stack: "voting")
        compilation = Compilation(
            try ComposeLoader.load(text, file: path, options: options).assemble())
    }

    private func aim(_ text: String) throws(FlowError) -> FlowAim {
        try FlowAim(try FlowText(text), text, compilation)
    }

    @Test(arguments: [
        "tcp 203.0.113.7:40000 -> node2:5000", "tcp 203.0.113.7:40000 to node2:5000",
        "tcp 203.0.113.7:40000 → node2:5000", "tcp 203.0.113.7:40000 node2:5000",
        "tcp 203.0.113.7:40000->node2:5000", "  tcp\t203.0.113.7:40000  192.0.2.12:5000 ",
    ])
    func `one flow can be written in several ways`(text: String) throws {
        let aim = try aim(text)
        #expect(aim.proto == .tcp)
        #expect("\(aim.source)" == "203.0.113.7")
        #expect(aim.sourcePort == Port(40_000))
        #expect("\(aim.destination)" == "192.0.2.12")
        #expect(aim.destinationPort == Port(5_000))
        #expect(aim.sender == nil)
    }

    @Test func `a node's address is of the client's family`() throws {
        let aim = try aim("udp [2001:db8:0:3::7]:53 -> node3:5000")
        #expect("\(aim.destination)" == "2001:db8:0:1::13")
    }

    @Test func `a task sends from its address on the network it shares with the service`() throws {
        let east = try aim("tcp vote.2:40000 -> redis:6379")
        let names = compilation.cluster
        let task = try #require(names.tasks.first { $0.name == "voting_vote.2" })
        let sender = try #require(east.sender)
        #expect(compilation.task(sender).id == task.id)
        let network = try #require(names.networks.first { $0.shortName == "frontend" })
        #expect(task.endpoint(on: network.id)?.v4.map { IPAddress.v4($0) } == east.source)
        let redis = try #require(names.service(named: "redis"))
        #expect(redis.virtualAddresses[0].v4.map { IPAddress.v4($0) } == east.destination)
        #expect(try aim("tcp voting_vote.2:40000 -> voting_redis:6379") == east)
        #expect(try aim("tcp \(east.source):40000 -> redis:6379") == east)
    }

    @Test(arguments: [
        ("", 1, "expected tcp, udp or sctp"),
        ("icmp 203.0.113.7:1 -> node1:1", 1, "not 'icmp'"),
        ("tcp", 4, "expected the client's ADDRESS:PORT"),
        ("tcp 203.0.113.7 -> node1:80", 16, "expected ':' and a port after '203.0.113.7'"),
        ("tcp 203.0.113.7:0 -> node1:80", 17, "'0' is no port"),
        ("tcp 203.0.113.7:65536 -> node1:80", 17, "'65536' is no port"),
        ("tcp 203.0.113.777:1 -> node1:80", 5, "'203.0.113.777' is no IPv4 address"),
        ("tcp [2001:db8::1:40000 -> node1:80", 5, "this bracket is never closed"),
        ("tcp [2001:db8::g]:1 -> node1:80", 6, "'2001:db8::g' is no IPv6 address"),
        ("tcp 2001:db8::1:1 -> node1:80", 5, "written in brackets"),
        ("tcp 203.0.113.7:1 ->", 21, "expected the destination's HOST:PORT"),
        ("tcp 203.0.113.7:1 -> node1", 27, "expected ':' and a port after 'node1'"),
        ("tcp 203.0.113.7:1 -> node1:80 now", 31, "nothing may follow the flow"),
        ("tcp 203.0.113.7:1 → nöde:80", 21, "no node 'nöde' (node1, node2, node3)"),
        (
            "tcp 203.0.113.7:1 -> vote:80", 22,
            "clients reach it through a node (node1, node2, node3)"
        ),
        ("tcp vote.7:1 -> redis:6379", 5, "no task 'vote.7' (vote.1, vote.2, "),
        ("tcp vote.1:1 -> radis:6379", 17, "(vote, result, worker, redis, db)"),
        ("tcp vote.1:1 -> db:5432", 17, "'db' is on backend, the task on ingress, frontend"),
        ("tcp 203.0.113.7:1 -> [2001:db8:0:1::11]:80", 22, "is not of the family of 203.0.113.7"),
    ])
    func `what is wrong is named with its column`(text: String, column: Int, reason: String) {
        do throws(FlowError) {
            _ = try aim(text)
            Issue.record("\(text) was taken")
        } catch {
            #expect(error.column == column)
            #expect(error.reason.contains(reason), "\(error.reason)")
            #expect(error.description.hasSuffix(String(repeating: " ", count: column + 1) + "^"))
        }
    }

    @Test func `any text is read or refused, never a trap`() {
        var random = SplitMix64(state: 11)
        let pieces = [
            "tcp", "udp", " ", " ", ":", "[", "]", "->", "→", "to", "-", "203.0.113.7", "node1",
            "80",
            "2001:db8::1", "vote.1", "\u{0}", "é", "redis", "99999999999999999999",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...9, using: &random)
            let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            do throws(FlowError) {
                _ = try aim(text)
            } catch {
                #expect((1...text.unicodeScalars.count + 1).contains(error.column), "\(text)")
            }
        }
        #expect(throws: FlowError.self) { try FlowText(String(repeating: "a", count: 100_000)) }
    }
}
