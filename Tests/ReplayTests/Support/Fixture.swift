// What is replayed: every bundled trace with the stack it belongs to, and stacks written on the spot.
// Bundled data is found from this file's place in the sources.

import Compose
import Foundation
import Mesh
import Replay
import Testing

struct Fixture: Sendable, CustomTestStringConvertible {
    var trace: String
    var stack: String
    var remaps: [String] = []

    var testDescription: String { "\(trace) through \(stack)" }
    var path: String { bundled("traces/\(trace)") }

    func cluster() throws -> Cluster { try Replaying.cluster(stack) }

    static let all = [
        Fixture(trace: "real.pcap", stack: "web"),
        Fixture(trace: "real.pcap", stack: "voting", remaps: ["tcp port 8080=vote:5000"]),
        Fixture(trace: "real.pcapng", stack: "web"),
        Fixture(trace: "real-cooked.pcap", stack: "web"),
        Fixture(trace: "real-cooked-sll.pcap", stack: "web"),
        Fixture(trace: "real-raw.pcap", stack: "web"),
        Fixture(trace: "real-mixed.pcapng", stack: "web"),
        Fixture(trace: "malformed.pcap", stack: "web"),
        Fixture(trace: "dual-stack.pcap", stack: "dual-stack"),
        Fixture(trace: "generated.pcap", stack: "bench"),
        Fixture(trace: "generated-mixed.pcap", stack: "bench"),
    ]

    static subscript(_ trace: String) -> Fixture {
        all.first { $0.trace == trace } ?? all[0]
    }
}

/// The path of a file of bench-data.
func bundled(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "bench-data").appending(path: name).path
}

/// Calls `body` with the path of a directory that is gone afterwards.
func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(
        path: "weft-replay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory.path)
}
