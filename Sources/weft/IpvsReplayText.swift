// The report of a replay through a director as text for people. Says nothing that the JSON does not say.
// Invariant: but for the last line, the same report gives the same text.

import Foundation
import Replay

struct IpvsReplayText {
    let report: DirectorReport

    /// All of it, ending without a line break.
    var text: String {
        var parts = [opening, services]
        if !report.drops.isEmpty { parts.append(drops) }
        parts += [ledger, performance]
        return parts.joined(separator: "\n\n")
    }

    private var opening: String {
        let trace = report.trace
        var line =
            "\(report.input) through \(report.rules): \(trace.packets) packets, "
            + "\(trace.bytes) bytes, \(fixed(trace.seconds, 3)) s of trace time\n"
            + "\(trace.replayed) put in front of the director"
        let skipped = [
            (trace.filtered, "not matched by the filter"),
            (trace.unsupportedLink, "of no link type that carries IP"),
        ]
        for (count, words) in skipped where count > 0 { line += ", \(count) \(words)" }
        line += "; \(report.connections) connections at the end"
        if let truncation = trace.truncation { line += "\n\(truncation)" }
        return line
    }

    private var services: String {
        var table = TextTable([
            ("SERVICE", .left), ("SCHEDULER", .left), ("ACTIVE", .right), ("INACTIVE", .right),
            ("CONNECTIONS", .right), ("IN", .right), ("BYTES", .right), ("OUT", .right),
            ("BYTES", .right),
        ])
        for service in report.services {
            table.add([service.name, service.scheduler, "", ""] + cells(service.traffic))
            for server in service.servers {
                let counts = ["\(server.active)", "\(server.inactive)"]
                let cells = counts + cells(server.traffic)
                table.add(["  \(server.address)", "weight \(server.weight)"] + cells)
            }
        }
        return table.text
    }

    private func cells(_ traffic: DirectorReport.Traffic) -> [String] {
        [
            traffic.connections, traffic.incoming.packets, traffic.incoming.bytes,
            traffic.outgoing.packets, traffic.outgoing.bytes,
        ].map { "\($0)" }
    }

    private var drops: String {
        var table = TextTable([("DROPPED", .right), ("REASON", .left), ("", .left)])
        for drop in report.drops.sorted(by: { $0.packets > $1.packets }) {
            table.add(["\(drop.packets)", drop.reason, drop.explanation])
        }
        return table.text
    }

    private var ledger: String {
        let ledger = report.ledger
        return "Ledger: \(ledger.received) received + \(ledger.generated) generated = "
            + "\(ledger.transmitted) transmitted + \(ledger.consumed) consumed + "
            + "\(ledger.dropped) dropped + \(ledger.held) held"
            + (ledger.isBalanced ? ", balanced" : ", NOT BALANCED")
    }

    private var performance: String {
        "Processing: \(fixed(report.performance.nanosecondsPerPacket, 1)) ns per packet "
            + "(one core, in process, without reading and writing)"
    }

    private func fixed(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}
