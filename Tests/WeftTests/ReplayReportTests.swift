// Goal: the text and the JSON of a replay say the same, and `--without` names both parts of what a
// removal moves. Method: every number of the JSON is looked for in the text, in its own row.

import Foundation
import Replay
import Testing

@Suite struct ReplayReportTests {
    private func run(_ stack: String, _ trace: String, _ more: String...) throws -> Finished {
        try WeftProcess.weft(
            [
                "replay", "-c", WeftProcess.data("stacks/\(stack).yml"), "-i",
                WeftProcess.data("traces/\(trace)"),
            ] + more)
    }

    private func report(_ run: Finished) throws -> ReplayReport {
        try JSONDecoder().decode(ReplayReport.self, from: Data(run.output.utf8))
    }

    /// The cells of the row that starts with `name`, in the table below the heading.
    private func row(_ run: Finished, _ heading: String, _ name: String) throws -> [String] {
        let start = try #require(run.lines.firstIndex { $0.hasPrefix(heading + " ") })
        let rows = run.lines[start...].prefix { !$0.isEmpty }
        let line = try #require(rows.first { $0.hasPrefix(name + " ") })
        return line.split(separator: " ").map(String.init)
    }

    @Test(arguments: [
        ("web", "real.pcap"), ("web", "malformed.pcap"), ("dual-stack", "dual-stack.pcap"),
    ])
    func `the text shows every number of the JSON`(stack: String, trace: String) throws {
        let text = try run(stack, trace)
        let json = try run(stack, trace, "--json")
        #expect(text.status == 0 && json.status == 0)
        let report = try report(json)
        #expect(report.schema == "weft.replay/1")
        for service in report.services {
            let cells = try row(text, "SERVICE", service.name)
            let numbers: [UInt64] = [
                UInt64(service.tasks), service.flows, service.requests.packets,
                service.requests.bytes, service.replies.packets, service.replies.bytes,
            ]
            #expect(cells.suffix(9).prefix(6).map { UInt64($0) } == numbers, "\(cells)")
            if let even = service.evenness {
                #expect(cells[cells.count - 3] == String(format: "%.3f", even.maxOverMean))
                #expect(cells[cells.count - 2] == String(format: "%.2f", even.chiSquare))
                #expect(cells[cells.count - 1] == String(format: "%.3f", even.pValue))
            }
        }
        for task in report.tasks {
            let numbers: [UInt64] = [
                task.flows, task.requests.packets, task.requests.bytes, task.replies.packets,
                task.replies.bytes,
            ]
            let cells = try row(text, "TASK", task.name)
            #expect(cells[1] == task.node && cells[2] == task.addresses.first)
            #expect(cells.dropFirst(3).map { UInt64($0) } == numbers)
        }
        for node in report.nodes {
            let numbers = [
                node.received, node.generated, node.toUnderlay, node.toClients, node.delivered,
                node.consumed, node.dropped, node.flows, node.requests.packets,
                node.requests.bytes,
            ]
            #expect(try row(text, "NODE", node.name).dropFirst(2).map { UInt64($0) } == numbers)
        }
        for drop in report.drops {
            #expect(
                text.lines.contains {
                    $0.contains(" \(drop.packets)   \(drop.reason) ")
                        && $0.hasSuffix(drop.explanation)
                }, "\(drop.reason)")
        }
        #expect(text.output.contains("Hops: \(report.hops.local) requests delivered by"))
        #expect(text.output.contains(" %), \(report.hops.remote) across the underlay"))
        let ledger = report.ledger
        #expect(
            text.lines.contains(
                "Ledger: \(ledger.received) received + \(ledger.generated) generated = "
                    + "\(ledger.transmitted) transmitted + \(ledger.delivered) delivered + "
                    + "\(ledger.neighbour + ledger.host) consumed + \(ledger.dropped) dropped + "
                    + "\(ledger.held) held, balanced"))
        #expect(
            text.lines[0].contains("\(report.trace.packets) packets, \(report.trace.bytes) bytes"))
        #expect(text.lines[1].hasPrefix("\(report.trace.replayed) put into the mesh"))
    }

    @Test func `without names both parts of what moves, and the bound`() throws {
        let arguments = ["--without", "bench_web.3", "--without", "bench_signal.1"]
        let stack = WeftProcess.data("stacks/bench.yml")
        let trace = WeftProcess.data("traces/generated.pcap")
        let command = ["replay", "-c", stack, "-i", trace, "--limit", "20000"] + arguments
        let text = try WeftProcess.weft(command)
        let report = try report(try WeftProcess.weft(command + ["--json"]))
        let churn = try #require(report.churn)
        #expect(churn.map(\.task) == ["bench_web.3", "bench_signal.1"])
        for removal in churn {
            let total = removal.total
            let opening =
                "Without \(removal.task): \(total.leaving + total.collateral) of \(total.flows) "
                + "flows move, \(total.leaving) because their task leaves and "
                + "\(total.collateral) though it stays"
            let start = try #require(text.lines.firstIndex(of: opening))
            let rows = text.lines[(start + 2)...].prefix { !$0.isEmpty }
            #expect(rows.count == removal.services.count)
            for (line, service) in zip(rows, removal.services) {
                let cells = line.split(separator: " ").map(String.init)
                let counts = service.counts
                let flows = Double(max(counts.flows, 1))
                func percent(_ part: UInt64) -> String {
                    String(format: "%.2f", Double(part) * 100 / flows)
                }
                let moved = counts.leaving + counts.collateral
                #expect(
                    Array(cells.prefix(9)) == [
                        service.name, "\(counts.flows)", "\(counts.leaving)",
                        percent(counts.leaving), "\(counts.collateral)",
                        percent(counts.collateral), "\(moved)", percent(moved),
                        String(format: "%.2f", service.bound * 100),
                    ])
            }
        }
        // 16 tasks and 2.
        #expect(churn[0].services[0].bound == 1.0 / 16 + 0.02)
        #expect(churn[1].services[3].bound == 0.52)
        #expect(churn[0].services[0].isWithinBound && churn[0].total.leaving > 0)
    }

    @Test func `a bound that is exceeded says so beside its column`() throws {
        let text = try run("web", "real.pcap", "--without", "web.1")
        let start = try #require(text.lines.firstIndex { $0.hasPrefix("Without ") }) + 1
        let width = text.lines[start].count
        #expect(text.lines[start].hasSuffix(" BOUND %"))
        let rows = text.lines[(start + 1)...].prefix { !$0.isEmpty }
        #expect(rows.contains { $0.hasSuffix("   exceeded") })
        for row in rows {
            #expect(row.prefix(width).last?.isNumber == true)
            #expect(["", "   exceeded"].contains(row.dropFirst(width)), "\(row)")
        }
    }

    @Test func `without changes nothing else, with files or without`() throws {
        func steady(_ run: Finished) -> String {
            run.lines.filter { !$0.hasPrefix("Processing:") }.joined(separator: "\n")
        }
        let plain = try run("web", "real-cooked.pcap")
        let asked = try run("web", "real-cooked.pcap", "--without", "web_dns.2")
        let start = try #require(asked.output.range(of: "Without web_dns.2: "))
        let end = try #require(asked.output.range(of: "\n\nLedger: "))
        var rest = asked
        rest.output.removeSubrange(start.lowerBound..<end.lowerBound)
        rest.output = rest.output.replacingOccurrences(of: "\n\n\n\n", with: "\n\n")
        #expect(steady(rest) == steady(plain))
        try WeftProcess.withFile("here", Data()) { path in
            let files = try run(
                "web", "real-cooked.pcap", "--without", "web_dns.2", "-o", path + "-d")
            #expect(steady(files) == steady(asked))
            let names = try FileManager.default.contentsOfDirectory(atPath: path + "-d")
            #expect(names.contains("node3.pcapng"))
        }
    }
}
