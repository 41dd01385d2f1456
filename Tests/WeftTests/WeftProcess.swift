// Runs the command as a user does, and the tools it is compared with.
//
// The binary is the one this test run was built with: SwiftPM puts the test bundle and the products
// it depends on into one directory, so `weft` lies beside what `CommandLine.arguments[0]` names.
// Bundled data is found from this file's place in the sources.

import Foundation
import Testing

struct Finished {
    var status: Int32
    var output: String
    var errors: String

    /// Lines of the output, without the last newline.
    var lines: [String] {
        var lines = output.components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}

enum WeftProcess {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func data(_ name: String) -> String {
        root.appending(path: "bench-data").appending(path: name).path
    }

    static let traces = [
        "real.pcap", "real.pcapng", "real-cooked.pcap", "real-cooked-sll.pcap", "real-raw.pcap",
        "real-mixed.pcapng", "dual-stack.pcap", "malformed.pcap",
    ].map { data("traces/\($0)") }

    static let stacks = ["voting", "web", "dual-stack", "bench"].map { data("stacks/\($0).yml") }

    static let binary = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "weft").path

    static func weft(_ arguments: [String], input: String? = nil) throws -> Finished {
        try run(binary, arguments, input: input)
    }

    static func has(_ tool: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\(tool)")
    }

    /// Runs a program; `input` is a file to give it as standard input.
    static func run(
        _ path: String, _ arguments: [String], input: String? = nil
    ) throws -> Finished {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin", "TZ": "UTC", "HOME": "/tmp"]
        process.standardInput =
            try input.map {
                try FileHandle(forReadingFrom: URL(fileURLWithPath: $0))
            } ?? FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        // A file, since two pipes read one after the other could block the writer.
        let errors = FileManager.default.temporaryDirectory.appending(
            path: "weft-errors-\(UUID().uuidString)")
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Finished(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }

    /// Calls `body` with the path of a temporary file of that content.
    static func withFile<Result>(
        _ name: String, _ content: Data, _ body: (String) throws -> Result
    ) throws -> Result {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "weft-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: name)
        try content.write(to: path)
        return try body(path.path)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
