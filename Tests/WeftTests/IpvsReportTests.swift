// Goal: the numbers that a replay through a director reports are right, and the text, the JSON and the
// listings of ipvsadm say the same. Method: packets and bytes of each service counted by tshark in the
// trace itself; every number of the JSON is looked for in the text.

import Foundation
import Replay
import Testing

@Suite struct IpvsReportTests {
    private func run(_ arguments: [String]) throws -> Finished {
        try WeftProcess.weft(["ipvs"] + arguments)
    }

    private func arguments(_ rules: String, _ trace: String) -> [String] {
        [
            "--rules", WeftProcess.data("rules/\(rules).rules"), "-i",
            WeftProcess.data("traces/\(trace)"), "--aim-replies",
        ]
    }

    private func report(_ rules: String, _ trace: String) throws -> DirectorReport {
        let run = try run(["replay"] + arguments(rules, trace) + ["--json"])
        #expect(run.status == 0 && run.errors == "")
        return try JSONDecoder().decode(DirectorReport.self, from: Data(run.output.utf8))
    }

    @Test(arguments: [
        ("web", "real.pcap"), ("direct-tunnel", "malformed.pcap"), ("ipv6", "dual-stack.pcap"),
    ])
    func `the text shows every number of the JSON`(rules: String, trace: String) throws {
        let text = try run(["replay"] + arguments(rules, trace))
        let report = try report(rules, trace)
        #expect(report.schema == "weft.ipvs-replay/1")
        var lines = text.lines[...]
        #expect(lines.removeFirst().contains("\(report.trace.packets) packets, "))
        #expect(lines.removeFirst().hasPrefix("\(report.trace.replayed) put in front"))
        lines = lines.drop { !$0.hasPrefix("SERVICE") }.dropFirst()
        for service in report.services {
            let line = lines.removeFirst()
            #expect(line.hasPrefix("\(service.name) \(service.scheduler) "))
            #expect(numbers(line).suffix(5) == numbers(service.traffic)[...])
            for server in service.servers {
                let line = lines.removeFirst()
                #expect(line.hasPrefix("  -> \(server.address) "))
                #expect(line.contains(" \(server.forward) "))
                let counts = [
                    UInt64(server.weight), UInt64(server.active), UInt64(server.inactive),
                ]
                #expect(numbers(line).suffix(8) == (counts + numbers(server.traffic))[...])
            }
        }
        #expect(lines.first == "")
        for drop in report.drops {
            let line = lines.first { $0.hasSuffix(drop.explanation) }
            #expect(line.map { numbers($0).first } == drop.packets)
        }
        let ledger = report.ledger
        let balance = try #require(lines.first { $0.hasPrefix("Ledger: ") })
        #expect(
            numbers(balance) == [
                ledger.received, ledger.generated, ledger.transmitted, ledger.consumed,
                ledger.dropped, ledger.held,
            ])
    }

    private func numbers(_ line: String) -> [UInt64] {
        line.split(separator: " ").compactMap { UInt64($0) }
    }

    private func numbers(_ traffic: DirectorReport.Traffic) -> [UInt64] {
        [
            traffic.connections, traffic.incoming.packets, traffic.outgoing.packets,
            traffic.incoming.bytes, traffic.outgoing.bytes,
        ]
    }

    /// Packets and bytes of IP of what a display filter matches, and the flows among them.
    private func count(_ filter: String, _ port: String) throws -> (UInt64, UInt64, UInt64) {
        let run = try WeftProcess.run(
            "/usr/bin/tshark",
            [
                "-n", "-r", WeftProcess.data("traces/real.pcap"), "-Y", "not icmp and \(filter)",
                "-T", "fields", "-e", "ip.len", "-e", "ip.src", "-e", port,
            ])
        #expect(run.status == 0)
        let rows = run.lines.map { $0.split(separator: "\t") }
        let bytes = rows.reduce(UInt64(0)) { $0 + (UInt64($1[0]) ?? 0) }
        return (UInt64(rows.count), bytes, UInt64(Set(rows.map { $0[1...] }).count))
    }

    @Test(
        .enabled(if: WeftProcess.has("tshark")),
        arguments: ["192.0.2.11:8080", "192.0.2.12:8080", "192.0.2.13:8080", "192.0.2.11:5353"])
    func `counters of a service are what tshark counts in the trace`(service: String) throws {
        let parts = service.split(separator: ":")
        let (address, port) = (parts[0], parts[1])
        let requests = try count("ip.dst == \(address) and tcp.dstport == \(port)", "tcp.srcport")
        let replies = try count("ip.src == \(address) and tcp.srcport == \(port)", "tcp.dstport")
        let report = try report("web", "real.pcap")
        let listed = try run(["list", "-n", "--stats", "--exact"] + arguments("web", "real.pcap"))
        let traffic = try #require(report.services.first { $0.name == "tcp \(service)" }).traffic
        #expect(traffic.connections == requests.2 && requests.2 > 1)
        #expect(traffic.incoming.packets == requests.0 && traffic.incoming.bytes == requests.1)
        #expect(traffic.outgoing.packets == replies.0 && traffic.outgoing.bytes == replies.1)
        let line = try #require(listed.lines.first { $0.hasPrefix("TCP  \(service) ") })
        #expect(numbers(line) == numbers(traffic))
    }

    @Test func `listings after a replay agree with its report`() throws {
        let report = try report("web", "real.pcap")
        let more = arguments("web", "real.pcap")
        let plain = try run(["list", "-n"] + more)
        let stats = try run(["list", "-n", "--stats"] + more)
        let connections = try run(["list", "-n", "-c"] + more)
        for listing in [plain, stats, connections] {
            #expect(listing.status == 0 && listing.errors == "")
        }
        let servers = report.services.flatMap(\.servers)
        let rows = plain.lines.filter { $0.hasPrefix("  -> ") }.dropFirst().map {
            "\($0.split(separator: " ")[1]) \(numbers($0))"
        }
        let expected = servers.map { "\($0.address) [\($0.weight), \($0.active), \($0.inactive)]" }
        #expect(rows.sorted() == expected.sorted())
        #expect(connections.lines.count - 2 == report.connections)
        // One entry for each connection that is still there, one for each client remembered.
        let entries = connections.lines.dropFirst(2).filter { !$0.contains(":0 ") }
        #expect(entries.count == servers.reduce(0) { $0 + Int($1.active + $1.inactive) })
    }

    @Test func `a listing without a trace has the rules alone`() throws {
        let rules = WeftProcess.data("rules/web.rules")
        let listing = try run(["list", "--rules", rules, "-n", "--thresholds"])
        #expect(listing.status == 0)
        #expect(listing.lines.first == "IP Virtual Server version 1.2.1 (size=4096)")
        let limited = try #require(listing.lines.first { $0.contains(" 100 ") })
        #expect(numbers(limited) == [100, 50, 0, 0])
        let one = try run(["list", "--rules", rules, "-n", "-t", "192.0.2.12:8080"])
        #expect(one.lines.count == 6 && one.lines[2].hasPrefix("TCP  192.0.2.12:8080 rr"))
        let none = try run(["list", "--rules", rules, "-t", "192.0.2.99:80"])
        #expect(none.status == 1 && none.errors == "weft: No such service\n")
        let both = try run(["list", "--rules", rules, "-c", "--stats"])
        #expect(both.status == 64 && both.errors.contains("options conflicts"))
    }
}
