// The part of the report that `--without` asks for: one removal as a sentence and a table.
// Both parts of what moves are named, and stand beside the ratio that may move.

import Replay

extension ReplayText {
    func churn(_ churn: Churn) -> String {
        let total = churn.total
        var table = TextTable([
            ("SERVICE", .left), ("FLOWS", .right), ("LEAVING", .right), ("%", .right),
            ("COLLATERAL", .right), ("%", .right), ("MOVED", .right), ("%", .right),
            ("BOUND %", .right), ("", .left),
        ])
        for service in churn.services {
            let counts = service.counts
            table.add([
                service.name, "\(counts.flows)", "\(counts.leaving)",
                percent(counts, counts.leaving), "\(counts.collateral)",
                percent(counts, counts.collateral), "\(counts.moved)",
                percent(counts, counts.moved),
                fixed(service.bound * 100, 2), service.isWithinBound ? "" : "exceeded",
            ])
        }
        return """
            Without \(churn.task): \(total.moved) of \(total.flows) flows move, \
            \(total.leaving) because their task leaves and \(total.collateral) though it stays\
            \(churn.isCapped ? " (not all flows were counted)" : "")
            \(table.text)
            """
    }

    private func percent(_ counts: Churn.Counts, _ part: UInt64) -> String {
        fixed(counts.percent(part), 2)
    }
}
