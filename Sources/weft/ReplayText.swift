// The report of a replay as text for people. Says nothing that the JSON does not say.
// Invariant: the same report gives the same text, so two runs can be compared by diff.

import Replay

struct ReplayText {
    let report: ReplayReport

    /// All of it, ending without a line break.
    var text: String {
        var parts = [opening, services, tasks, nodes, hops]
        if !report.drops.isEmpty { parts.append(ReportText.drops(report.drops)) }
        parts += (report.churn ?? []).map(churn)
        parts += [ledger, ReportText.performance(report.performance)]
        return parts.joined(separator: "\n\n")
    }

    private var opening: String {
        let trace = report.trace
        return "\(report.input) through \(report.stack): "
            + ReportText.trace(packets: trace.packets, bytes: trace.bytes, seconds: trace.seconds)
            + "\n\(trace.replayed) put into the mesh"
            + ReportText.counts([
                (trace.filtered, "not matched by the filter"),
                (trace.host, "sent by a node's own stack"),
                (trace.unsupportedLink, "of no link type that carries IP"),
                (trace.laterFragment, "later fragments of a reply without its first"),
                (trace.sctpFragment, "SCTP fragments whose checksum cannot follow a new port"),
            ])
            + ReportText.truncation(trace.truncation)
    }

    private var services: String {
        var table = TextTable([
            ("SERVICE", .left), ("PORTS", .left), ("TASKS", .right), ("FLOWS", .right),
            ("REQUESTS", .right), ("BYTES", .right), ("REPLIES", .right), ("BYTES", .right),
            ("MAX/MEAN", .right), ("CHI2", .right), ("P", .right),
        ])
        for service in report.services {
            let even = service.evenness
            table.add([
                service.name, service.ports.joined(separator: ", "), "\(service.tasks)",
                "\(service.flows)", "\(service.requests.packets)", "\(service.requests.bytes)",
                "\(service.replies.packets)", "\(service.replies.bytes)",
                even.map { fixed($0.maxOverMean, 3) } ?? "-",
                even.map { fixed($0.chiSquare, 2) } ?? "-",
                even.map { fixed($0.pValue, 3) } ?? "-",
            ])
        }
        return table.text
    }

    private var tasks: String {
        var table = TextTable([
            ("TASK", .left), ("NODE", .left), ("ADDRESS", .left), ("FLOWS", .right),
            ("REQUESTS", .right), ("BYTES", .right), ("REPLIES", .right), ("BYTES", .right),
        ])
        for task in report.tasks {
            table.add([
                task.name, task.node, task.addresses.first ?? "-", "\(task.flows)",
                "\(task.requests.packets)", "\(task.requests.bytes)", "\(task.replies.packets)",
                "\(task.replies.bytes)",
            ])
        }
        return table.text
    }

    private var nodes: String {
        var table = TextTable([
            ("NODE", .left), ("ADDRESS", .left), ("RECEIVED", .right), ("GENERATED", .right),
            ("UNDERLAY", .right), ("CLIENTS", .right), ("DELIVERED", .right),
            ("CONSUMED", .right), ("DROPPED", .right), ("FLOWS", .right), ("REQUESTS", .right),
            ("BYTES", .right),
        ])
        for node in report.nodes {
            table.add([
                node.name, node.addresses.first ?? "-", "\(node.received)", "\(node.generated)",
                "\(node.toUnderlay)", "\(node.toClients)", "\(node.delivered)",
                "\(node.consumed)", "\(node.dropped)", "\(node.flows)",
                "\(node.requests.packets)", "\(node.requests.bytes)",
            ])
        }
        return table.text
    }

    private var hops: String {
        let total = report.hops.local + report.hops.remote
        let share = total == 0 ? 0 : Double(report.hops.local) * 100 / Double(total)
        return "Hops: \(report.hops.local) requests delivered by the node they entered "
            + "(\(fixed(share, 1)) %), \(report.hops.remote) across the underlay"
    }

    private var ledger: String {
        let ledger = report.ledger
        let consumed = ledger.neighbour + ledger.host
        return "Ledger: \(ledger.received) received + \(ledger.generated) generated = "
            + "\(ledger.transmitted) transmitted + \(ledger.delivered) delivered + "
            + "\(consumed) consumed + \(ledger.dropped) dropped + \(ledger.held) held"
            + (ledger.isBalanced ? ", balanced" : ", NOT BALANCED")
    }
}
