// The table of IPVS mode as text for people: what a packet costs by method, connections and virtual
// servers, what the connection table costs by itself, and what a flood leaves.
// Invariant: the same table gives the same text.

import Bench

struct DirectorGrowthText {
    let growth: DirectorGrowth

    /// All of it, ending without a line break.
    var text: String {
        var parts = [
            BenchText.place(growth.label, growth.machine, growth.build),
            "Nanoseconds of \(growth.clock ?? "time"): the median, half of what lies between the "
                + "quartiles, the least",
            packets, operations,
        ]
        if let flood = growth.flood {
            parts.append(
                "Flood: \(flood.kept) of \(flood.established) established connections kept in a table "
                    + "of \(flood.connectionsMax) while \(flood.newConnections) new ones came")
        }
        return parts.joined(separator: "\n\n")
    }

    private var packets: String {
        var table = TextTable([
            ("METHOD", .left), ("SERVICES", .right), ("SERVERS EACH", .right),
            ("CONNECTIONS", .right), ("REQUEST NS", .right), ("LEAST", .right),
            ("REPLY NS", .right), ("LEAST", .right),
            ("INSTRUCTIONS", .right), ("BYTES/CONNECTION", .right), ("ALLOCATIONS", .right),
        ])
        for row in growth.rows {
            let instructions = [row.requestInstructions, row.replyInstructions].compactMap {
                $0.map { fixed($0, 0) }
            }
            table.add([
                row.method, "\(row.services)", "\(row.serversPerService)", "\(row.connections)",
                cell(row.request), fixed(row.request.min, 1), row.reply.map(cell) ?? "",
                row.reply.map { fixed($0.min, 1) } ?? "",
                instructions.joined(separator: " and "), fixed(row.bytesPerConnection, 1),
                "\(row.allocations)",
            ])
        }
        return table.text
    }

    private var operations: String {
        var table = TextTable([
            ("TABLE OF", .right), ("BYTES EACH", .right), ("FIRST INSERT NS", .right),
            ("INSERT", .right), ("LEAST", .right), ("FIND", .right), ("LEAST", .right),
            ("FIND, READ AHEAD", .right), ("LEAST", .right), ("EXPIRE", .right),
            ("LEAST", .right), ("ALLOCATIONS", .right),
        ])
        for row in growth.tables {
            table.add([
                "\(row.connections)", fixed(row.bytesPerConnection, 1),
                fixed(row.firstInsert.median, 1), cell(row.insert), fixed(row.insert.min, 1),
                cell(row.find), fixed(row.find.min, 1), cell(row.findTogether),
                fixed(row.findTogether.min, 1), cell(row.expire), fixed(row.expire.min, 1),
                "\(row.allocations)",
            ])
        }
        return table.text
    }

    /// The median, and half of what lies between the quartiles.
    private func cell(_ spread: Spread) -> String {
        "\(fixed(spread.median, 1)) ±\(fixed(spread.halfWidth, 1))"
    }
}
