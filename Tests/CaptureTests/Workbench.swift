// What the tests share: reading everything, temporary files, running a tool, seeded numbers.
// Temporary files go with the test that made them; a tool that is missing is said to be missing.

import Capture
import Foundation

/// Everything there is in a file, read the long way: one record at a time, bytes copied.
struct Reading {
    var packets: [ExpectedPacket] = []
    var annotations: [PacketAnnotations] = []
    var openingInterfaces: [CaptureInterface] = []
    var interfaces: [CaptureInterface] = []
    var truncation: CaptureTruncation?
    var error: CaptureError?

    init(bytes: [UInt8], name: String = "fixture") {
        read { () throws(CaptureError) in try CaptureReader(bytes: bytes, name: name) }
    }

    init(path: String) {
        read { () throws(CaptureError) in try CaptureReader(path: path) }
    }

    private mutating func read(_ open: () throws(CaptureError) -> CaptureReader) {
        do throws(CaptureError) {
            var reader = try open()
            openingInterfaces = reader.interfaces
            defer {
                truncation = reader.truncation
                interfaces = reader.interfaces
            }
            var record = PacketRecord()
            while try reader.next(&record) {
                packets.append(ExpectedPacket(record, reader.bytes(of: record)))
                annotations.append(try reader.annotations(of: record))
            }
        } catch {
            self.error = error
        }
    }
}

extension ExpectedPacket {
    init(_ record: PacketRecord, _ bytes: RawSpan) {
        self.init(
            timestampNanoseconds: record.timestampNanoseconds,
            originalByteCount: record.originalByteCount, linkType: record.linkType.rawValue,
            interfaceIndex: record.interfaceIndex, bytes: bytes.array)
    }

    /// As libpcap tells it, which has no interfaces and numbers a few link types otherwise.
    var asLibpcap: ExpectedPacket {
        var packet = self
        packet.interfaceIndex = 0
        packet.linkType = [14: 12, 100: 11, 101: 12, 102: 15, 103: 16][linkType] ?? linkType
        return packet
    }
}

extension ExpectedPacket {
    /// As tshark tells it: see `Tool.tsharkSummaries`.
    var asTshark: [String] {
        let digits = String(timestampNanoseconds % 1_000_000_000)
        let fraction = String(repeating: "0", count: 9 - digits.count) + digits
        let time = "\(timestampNanoseconds / 1_000_000_000).\(fraction)"
        return [time, String(originalByteCount), String(bytes.count)]
    }
}

extension RawSpan {
    var array: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}

/// Calls `body` with a path in a directory of its own, which is removed afterwards.
func withTemporaryPath<Result>(
    _ name: String, _ body: (String) throws -> Result
) throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(
        path: "capture-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory.appending(path: name).path)
}

func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}

enum Tool {
    static let hasTshark = FileManager.default.isExecutableFile(atPath: "/usr/bin/tshark")

    /// Time, length on the wire and captured length of every packet, as tshark has them.
    static func tsharkSummaries(_ path: String) throws -> [[String]] {
        try run(
            "/usr/bin/tshark",
            ["-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len"]
                + ["-e", "frame.cap_len"])
    }

    /// What the tool prints, line by line, each split at tabs.
    static func run(_ path: String, _ arguments: [String]) throws -> [[String]] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").map {
            $0.split(
                separator: "\t", omittingEmptySubsequences: false
            ).map(String.init)
        }
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
