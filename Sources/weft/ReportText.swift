// What the reports of both replays, through a mesh and through a director, say in the same words.
// Invariant: what a report counted none of is left out, whichever replay it is of.

import Foundation
import Replay

enum ReportText {
    static func trace(packets: UInt64, bytes: UInt64, seconds: Double) -> String {
        "\(packets) packets, \(bytes) bytes, \(fixed(seconds, 3)) s of trace time"
    }

    /// What else there is to say of packets, each after a comma.
    static func counts(_ counts: [(count: UInt64, words: String)]) -> String {
        counts.filter { $0.count > 0 }.map { ", \($0.count) \($0.words)" }.joined()
    }

    /// What was cut off the end of the trace, if anything, in a line of its own.
    static func truncation(_ truncation: String?) -> String {
        truncation.map { "\n\($0)" } ?? ""
    }

    static func drops(_ drops: [ReplayReport.Drop]) -> String {
        var table = TextTable([("DROPPED", .right), ("REASON", .left), ("", .left)])
        for drop in drops.sorted(by: { $0.packets > $1.packets }) {
            table.add(["\(drop.packets)", drop.reason, drop.explanation])
        }
        return table.text
    }

    static func performance(_ performance: ReplayReport.Performance) -> String {
        let wire = performance.wireNanosecondsPerPacket.map {
            "; the wire between nodes \(fixed($0, 1)) ns"
        }
        return "Processing: \(fixed(performance.nanosecondsPerPacket, 1)) ns per packet, "
            + "\(fixed(performance.packetsPerSecond / 1e6, 3)) million packets per second "
            + "(one core, in process, without reading and writing\(wire ?? ""))"
    }
}

/// A number with so many digits after the point, whatever the locale.
func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
