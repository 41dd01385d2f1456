// The report of a replay through a director as text for people. Says nothing that the JSON does not say.
// Invariant: but for the last line, the same report gives the same text.

import Replay

struct IpvsReplayText {
    let report: DirectorReport

    /// All of it, ending without a line break.
    var text: String {
        var parts = [opening, services]
        if !report.drops.isEmpty { parts.append(ReportText.drops(report.drops)) }
        parts += [ledger, ReportText.performance(report.performance)]
        return parts.joined(separator: "\n\n")
    }

    private var opening: String {
        let trace = report.trace
        return "\(report.input) through \(report.rules): "
            + ReportText.trace(packets: trace.packets, bytes: trace.bytes, seconds: trace.seconds)
            + "\n\(trace.replayed) put in front of the director"
            + ReportText.counts([
                (trace.aimed, "of them aimed anew"),
                (trace.host, "passed over as sent from its own addresses"),
                (trace.filtered, "not matched by the filter"),
                (trace.unsupportedLink, "of no link type that carries IP"),
            ])
            + "; \(report.connections) connections at the end"
            + ReportText.truncation(trace.truncation)
    }

    /// What `ipvsadm -L` and `-L --stats` say, in one table.
    private var services: String {
        var table = TextTable([
            ("SERVICE", .left), ("FORWARD", .left), ("WEIGHT", .right), ("ACTIVECONN", .right),
            ("INACTCONN", .right), ("CONNS", .right), ("INPKTS", .right), ("OUTPKTS", .right),
            ("INBYTES", .right), ("OUTBYTES", .right),
        ])
        for service in report.services {
            let persistence = service.persistence.map { " persistent \($0)" } ?? ""
            let name = "\(service.name) \(service.scheduler)\(persistence)"
            table.add([name, "", "", "", ""] + cells(service.traffic))
            for server in service.servers {
                let counts = ["\(server.weight)", "\(server.active)", "\(server.inactive)"]
                table.add(
                    ["  -> \(server.address)", server.forward] + counts + cells(server.traffic))
            }
        }
        return table.text
    }

    private func cells(_ traffic: DirectorReport.Traffic) -> [String] {
        [
            traffic.connections, traffic.incoming.packets, traffic.outgoing.packets,
            traffic.incoming.bytes, traffic.outgoing.bytes,
        ].map { "\($0)" }
    }

    private var ledger: String {
        let ledger = report.ledger
        return "Ledger: \(ledger.received) received + \(ledger.generated) generated = "
            + "\(ledger.transmitted) transmitted + \(ledger.consumed) consumed + "
            + "\(ledger.dropped) dropped + \(ledger.held) held"
            + (ledger.isBalanced ? ", balanced" : ", NOT BALANCED")
    }
}
