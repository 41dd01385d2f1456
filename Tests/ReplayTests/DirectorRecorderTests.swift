// Goal: what a director sends is written in order with right checksums, and every packet's verdict is
// told. Method: tshark reads the captures; verdict lines are decoded and counted against the ledger
// and against the capture.

import Capture
import Dataplane
import Foundation
import Replay
import Testing

@Suite struct DirectorRecorderTests {
    private struct Line: Decodable {
        var frame: UInt64
        var made: Bool?
        var time: UInt64
        var verdict: String
        var reason: String?
        var link: String?
        var bytes: Int?
        var service: String?
        var server: String?
        var forward: String?
        var state: String?
        var reply: Bool?
    }

    private static let links = [
        "name=outside,address=192.0.2.1/24,address=2001:db8:0:1::1/64",
        "name=inside,mtu=9000,address=10.0.0.1/24,address=2001:db8:0:4::1/64",
    ]

    private func record(
        _ fixture: DirectorFixture, _ name: String, aimsReplies: Bool = true, loopCount: UInt64 = 1,
        _ body: (_ capture: String, _ lines: [Line], DirectorReport) throws -> Void
    ) throws {
        try withDirectory { directory in
            let (capture, verdicts) = ("\(directory)/\(name)", "\(directory)/verdicts.jsonl")
            var options = DirectorReplayOptions()
            options.aimsReplies = aimsReplies
            options.loopCount = loopCount
            let report = try DirectorReplaying.record(
                fixture.path, through: fixture.load(), links: Self.links, options, to: capture,
                verdicts: verdicts)
            let text = try String(contentsOfFile: verdicts, encoding: .utf8)
            let lines = try text.split(separator: "\n").map {
                try JSONDecoder().decode(Line.self, from: Data($0.utf8))
            }
            try body(capture, lines, report)
        }
    }

    @Test(
        .enabled(if: Tshark.isInstalled),
        arguments: DirectorFixture.all.filter { !$0.isDamaged })
    func `nothing that leaves has a wrong checksum or length`(fixture: DirectorFixture) throws {
        try record(fixture, "out.pcap") { capture, _, report in
            let all = try Tshark.fields(["frame.number"], of: capture, matching: "frame")
            #expect(all.count == Int(report.ledger.transmitted) && all.count > 50)
            let bad = try Tshark.fields(
                ["frame.number", "_ws.col.Info"], of: capture, matching: Tshark.bad)
            #expect(bad.isEmpty, "\(bad.prefix(3))")
        }
    }

    @Test(arguments: DirectorFixture.all)
    func `verdicts are the ledger, line by line`(fixture: DirectorFixture) throws {
        try record(fixture, "out.pcap") { capture, lines, report in
            func count(_ verdict: String) -> UInt64 {
                UInt64(lines.count { $0.verdict == verdict })
            }
            #expect(count("transmitted") == report.ledger.transmitted)
            #expect(count("consumed") == report.ledger.consumed)
            #expect(count("dropped") == report.ledger.dropped)
            for drop in report.drops {
                #expect(UInt64(lines.count { $0.reason == drop.reason }) == drop.packets)
            }
            let sent = lines.filter { $0.verdict == "transmitted" }
            let frames = try TraceFile.read(capture).map(\.frame)
            #expect(sent.map(\.bytes) == frames.map(\.wireByteCount))
            #expect(sent.map(\.time) == frames.map(\.nanoseconds))
            #expect(sent.allSatisfy { $0.link == "outside" || $0.link == "inside" })
            for (line, next) in zip(lines, lines.dropFirst()) {
                #expect(line.frame <= next.frame)
            }
            #expect(lines.count { $0.made != true } == Int(report.trace.replayed))
        }
    }

    @Test func `a verdict names the connection as ipvsadm does`() throws {
        let fixture = DirectorFixture(trace: "real.pcap", rules: "web")
        try record(fixture, "out.pcap") { _, lines, report in
            for service in report.services {
                let requests = lines.filter { $0.service == service.name && $0.reply == false }
                let replies = lines.filter { $0.service == service.name && $0.reply == true }
                // Later fragments and ICMP errors have no ports to be told by.
                #expect(UInt64(requests.count) <= service.traffic.incoming.packets)
                #expect(UInt64(replies.count) <= service.traffic.outgoing.packets)
                if service.name.hasPrefix("tcp ") {
                    #expect(UInt64(requests.count) == service.traffic.incoming.packets)
                    #expect(UInt64(replies.count) == service.traffic.outgoing.packets)
                }
                for line in requests + replies {
                    #expect(service.servers.contains { $0.address == line.server })
                    #expect(line.forward == "Masq" && line.state != nil)
                }
            }
            let states = Set(lines.compactMap(\.state))
            #expect(states.isSuperset(of: ["SYN_RECV", "ESTABLISHED", "TIME_WAIT", "UDP"]))
        }
    }

    @Test func `a pcapng has links, packet numbers and decisions`() throws {
        let fixture = DirectorFixture(trace: "real.pcap", rules: "web")
        try record(fixture, "out.pcapng") { capture, lines, _ in
            let sent = lines.filter { $0.verdict == "transmitted" }
            var reader = try CaptureReader(path: capture)
            #expect(reader.interfaces.compactMap(\.name) == ["outside", "inside"])
            var record = PacketRecord()
            var index = 0
            while try reader.next(&record) {
                let annotations = try reader.annotations(of: record)
                let line = sent[index]
                #expect(annotations.packetID == line.frame && annotations.direction == .outbound)
                #expect(reader.interfaces[Int(record.interfaceIndex)].name == line.link)
                let comment = try #require(annotations.comments.first)
                #expect(comment.hasPrefix("packet \(line.frame): "))
                if let service = line.service { #expect(comment.contains(service)) }
                if let state = line.state { #expect(comment.hasSuffix(", \(state)")) }
                index += 1
            }
            #expect(index == sent.count && index > 5_000)
        }
    }

    @Test func `the same replay writes the same bytes`() throws {
        let fixture = DirectorFixture(trace: "real.pcap", rules: "web")
        try record(fixture, "out.pcapng") { first, lines, report in
            try record(fixture, "out.pcapng") { second, others, again in
                let files = try [first, second].map {
                    try Data(contentsOf: URL(fileURLWithPath: $0))
                }
                let same = files[0] == files[1]
                #expect(same && lines.count == others.count && report == again)
            }
        }
    }

    @Test func `a file that cannot be made is an error with its name`() throws {
        let rules = try DirectorReplaying.rules("-A -t 10.0.0.1:80\n")
        for name in ["/nonexistent/out.pcap", "/nonexistent/out.pcapng"] {
            let error = #expect(throws: CaptureError.self) {
                try DirectorReplaying.record(
                    bundled("traces/real.pcapng"), through: rules, to: name)
            }
            #expect(error?.path == name)
        }
    }
}
