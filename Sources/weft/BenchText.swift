// The report of a benchmark as text for people. Says nothing that the JSON does not say.
// Invariant: the same report gives the same text.

import Bench
import Foundation

struct BenchText {
    let report: BenchReport

    /// All of it, ending without a line break.
    var text: String {
        var parts = [opening, figures, batches]
        parts.append(
            [replay, counters, memory, workers, clock, ledger].compactMap { $0 }
                .joined(separator: "\n"))
        if let comparison = report.comparison { parts.append(changes(comparison)) }
        return parts.joined(separator: "\n\n")
    }

    private var opening: String {
        let trace = report.trace
        return Self.place(report.label, report.machine, report.build) + """

            Trace:   \(trace.name)
                     \(trace.packets) packets, \(trace.bytes) bytes, \(trace.flows) flows, SHA-256 \(trace.sha256)
            Stack:   \(report.stack.name): \(report.stack.nodes) nodes, \(report.stack.services) services, \
            \(report.stack.tasks) tasks
            Trials:  \(report.options.trials), each a pass unmeasured and \
            \(fixed(Double(report.options.trialNanoseconds) / 1e6, 0)) ms measured, in turns; \
            batches of \(report.options.batchFrames) frames
            """
    }

    /// Where figures come from.
    static func place(_ label: String, _ machine: Machine, _ build: Build) -> String {
        let parts = [
            machine.processor, "\(machine.processors) processors",
            machine.megahertz.map { "\(fixed($0, 0)) MHz by the kernel's word" },
            machine.isVirtual ? "virtual" : nil, machine.caches.joined(separator: " "),
            machine.memoryBytes.map { "\($0 >> 30) GiB" }, machine.kernel,
        ]
        let optimization = build.isDebug ? "debug, not optimized" : "release"
        let revision = build.revision ?? "not known"
        return """
            Label:   \(label)
            Machine: \(parts.compactMap { $0 }.joined(separator: ", "))
            Build:   Swift \(build.swift), \(optimization), revision \(revision)
            """
    }

    private var figures: String {
        var table = TextTable([
            ("STAGE", .left), ("FRAMES", .left), ("PACKETS", .right), ("NS/PACKET", .right),
            ("MIN", .right), ("Q1", .right), ("Q3", .right), ("MPPS", .right), ("X FLOOR", .right),
            ("ALLOCATIONS", .right),
        ])
        for figure in report.figures {
            let spread = figure.spread
            table.add([
                figure.name, figure.placement?.rawValue ?? "", "\(figure.packets)",
                fixed(spread.median, 2), fixed(spread.min, 2), fixed(spread.firstQuartile, 2),
                fixed(spread.thirdQuartile, 2), fixed(figure.megapackets, 2),
                figure.overFloor.map { fixed($0.median, 2) } ?? "",
                figure.allocations.map { "\($0)" } ?? "",
            ])
        }
        return table.text
    }

    private var batches: String {
        var table = TextTable([
            ("NS PER BATCH", .left), ("FRAMES", .left), ("BATCHES", .right), ("P50", .right),
            ("P90", .right), ("P99", .right), ("P99.9", .right), ("MAX", .right),
        ])
        for figure in report.figures where figure.name != "replay" {
            guard let batches = figure.batches else { continue }
            table.add(
                [figure.name, figure.placement?.rawValue ?? "", "\(batches.batches)"]
                    + [batches.p50, batches.p90, batches.p99, batches.p999, batches.max]
                    .map { "\($0)" })
        }
        return table.text
    }

    /// What end to end costs beside the work that it is for.
    private var replay: String? {
        let figures = ["replay", "replay, nodes"].compactMap { name in
            report.figures.first { $0.name == name }?.spread.median
        }
        guard figures.count == 2, figures[0] > 0 else { return nil }
        return "Replay: from file to verdict at \(fixed(figures[1] / figures[0], 2)) of the speed "
            + "of its nodes; batches end where the order of packets asks for it"
    }

    private var counters: String {
        if let missing = report.machine.countersMissing {
            return "Cycles: this machine does not show them (\(missing))"
        }
        return report.figures.compactMap { figure in
            guard let cycles = figure.cyclesPerPacket, let count = figure.instructionsPerPacket
            else { return nil }
            let name = [figure.name, figure.placement?.rawValue].compactMap { $0 }
            return "Cycles: \(name.joined(separator: " ")): \(fixed(cycles, 0)) and "
                + "\(fixed(count, 0)) instructions a packet"
        }.joined(separator: "\n")
    }

    private var memory: String {
        let memory = report.memory
        return
            "Memory: \(fixed(memory.bytesPerFlow, 1)) bytes a flow: \(memory.flowTableBytes) bytes "
            + "of flow tables on all nodes, free places included, for \(memory.flows) flows"
    }

    private var workers: String? {
        report.workers.map { scaling in
            let shards = scaling.shards.map { "\($0)" }.joined(separator: " + ")
            return "Workers: \(scaling.workers) do \(fixed(scaling.megapackets.median, 2)) Mpps "
                + "where one does \(fixed(scaling.oneWorkerMegapackets.median, 2)): "
                + "\(fixed(scaling.ratio.median, 2)) times (\(fixed(scaling.ratio.firstQuartile, 2)) "
                + "to \(fixed(scaling.ratio.thirdQuartile, 2)), best against best "
                + "\(fixed(scaling.megapackets.max / scaling.oneWorkerMegapackets.max, 2))); "
                + "\(shards) packets, "
                + "\(scaling.allocations) allocations"
        }
    }

    private var clock: String {
        "Clock: \(report.options.clock ?? "time"); two readings cost "
            + "\(fixed(report.options.clockNanoseconds, 0)) ns, once a batch, of which "
            + "\(report.options.clockOverhead ?? 0) are taken off"
    }

    private var ledger: String {
        let ledger = report.ledger
        return "Ledger: \(ledger.received) received, \(ledger.delivered) delivered, "
            + "\(ledger.toClients) to clients, \(ledger.dropped) dropped, "
            + (ledger.isBalanced ? "balanced" : "NOT balanced")
    }

    private func changes(_ comparison: [Comparison]) -> String {
        var table = TextTable([
            ("CHANGE OF", .left), ("FRAMES", .left), ("UNIT", .left), ("OLD", .right),
            ("NEW", .right), ("CHANGE", .right), ("", .left),
        ])
        for figure in comparison {
            let change = figure.old == 0 ? 0 : (figure.new / figure.old - 1) * 100
            table.add([
                figure.name, figure.placement?.rawValue ?? "", figure.unit, fixed(figure.old, 2),
                fixed(figure.new, 2), (change >= 0 ? "+" : "") + fixed(change, 1) + " %",
                figure.verdict.rawValue,
            ])
        }
        return table.text
    }
}
