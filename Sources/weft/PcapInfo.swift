// `weft pcap info`: what capinfos(1) tells of capture files, in its words and units where it has
// them, so that scripts written for one read the other.
//
// Invariant: a file that cannot be read never hides the others. Each gets its message, the rest are
// reported, and the exit code is that of the last failure.

import ArgumentParser
import Capture
import Foundation

struct PcapInfo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Say what capture files hold: format, packets, times, rates, interfaces.")

    @Argument(
        help: "Capture files, pcap or pcapng; - for standard input.", completion: .file())
    var files: [String]

    @Flag(name: [.customShort("T"), .long], help: "A table: tab-separated, one line per file.")
    var table = false

    @Flag(help: "JSON, schema weft.pcap-info/1.")
    var json = false

    mutating func validate() throws {
        if table, json { throw ValidationError("'-T' and '--json' exclude each other.") }
    }

    mutating func run() throws {
        var summaries: [CaptureSummary] = []
        var code: ExitCode?
        if table { try Output.line(CaptureTable.header) }
        for file in files {
            let summary: CaptureSummary
            do throws(CaptureError) {
                summary = try Self.summary(of: file)
            } catch {
                code = Message.fail(error, error.inputExit)
                continue
            }
            if let truncation = summary.truncation { Message.write("\(truncation)") }
            if table { try Output.line(CaptureTable.row(summary)) }
            if !table, !json { try put(summary, isFirst: summaries.isEmpty) }
            summaries.append(summary)
        }
        if json {
            try Output.line(JSON.text(CaptureReport(files: summaries.map(CaptureEntry.init))))
        }
        if let code { throw code }
    }

    private static func summary(of path: String) throws(CaptureError) -> CaptureSummary {
        var reader = try CaptureReader(path: path)
        return try CaptureSummary(reading: &reader)
    }

    private func put(_ summary: CaptureSummary, isFirst: Bool) throws {
        if !isFirst { try Output.line() }
        for (name, value) in CaptureTable.lines(summary) {
            let heading = (name + ":").padding(toLength: 21, withPad: " ", startingAt: 0)
            try Output.line(heading + value)
        }
        guard case .pcapng = summary.format else { return }
        try Output.line("Interfaces:          \(summary.interfaces.count)")
        for (index, entry) in summary.interfaces.enumerated() {
            try Output.line("  #\(index) \(CaptureTable.line(entry))")
        }
    }
}
