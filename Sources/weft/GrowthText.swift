// The growth table as text for people: what a packet costs as the mesh grows, and what a change does.
// Invariant: the same table gives the same text.

import Bench

struct GrowthText {
    let growth: Growth

    /// All of it, ending without a line break.
    var text: String {
        var table = TextTable([
            ("VARIED", .left), ("SERVICES", .right), ("TASKS EACH", .right), ("FLOWS", .right),
            ("FRAME", .right), ("ENTRY NS", .right), ("OWNER NS", .right),
            ("REPLY, OWNER", .right), ("REPLY, ENTRY", .right), ("BYTES/FLOW", .right),
            ("ALLOCATIONS", .right),
        ])
        for row in growth.rows {
            table.add([
                row.varied, "\(row.services)", "\(row.tasksPerService)", "\(row.flows)",
                "\(row.frameBytes)", cell(row.entry), cell(row.owner), cell(row.replyOwner),
                cell(row.replyEntry), fixed(row.bytesPerFlow, 1), "\(row.allocations)",
            ])
        }
        var changes = TextTable([
            ("CHANGE", .left), ("MS", .right), ("MIN", .right), ("Q1", .right), ("Q3", .right),
        ])
        for change in growth.changes {
            let spread = change.milliseconds
            changes.add(
                [change.name]
                    + [spread.median, spread.min, spread.firstQuartile, spread.thirdQuartile]
                    .map { fixed($0, 4) })
        }
        return [
            BenchText.place(growth.label, growth.machine, growth.build),
            "Nanoseconds of \(growth.clock ?? "time") a packet: the median, half of what lies "
                + "between the quartiles, the least",
            table.text, changes.text,
        ]
        .joined(separator: "\n\n")
    }

    /// The median, half of what lies between the quartiles, and the least.
    private func cell(_ spread: Spread) -> String {
        "\(fixed(spread.median, 1)) ±\(fixed(spread.halfWidth, 1)) (\(fixed(spread.min, 1)))"
    }
}
