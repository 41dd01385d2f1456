// Goal: what the builders write is what another program reads. Method: a table of frames, each with
// the fields it was asked to have under tshark's names; all are written to one pcap, tshark decodes
// it with every checksum verified, and each field must agree. No frame may be malformed or have a
// checksum that tshark calls bad.

import Foundation
import Testing
import Wire

@Suite struct TsharkTests {
    struct Frame {
        var name: String
        var bytes: [UInt8]
        /// tshark's fields; of several occurrences, separated by commas, the outermost is first.
        var fields: [(String, String)]

        init(_ name: String, _ bytes: [UInt8], _ fields: [(String, String)]) {
            self.name = name
            self.bytes = bytes
            self.fields = fields
        }
    }

    private static let path = "/usr/bin/tshark"
    private static let statuses = ["ip", "tcp", "udp", "sctp", "icmp", "icmpv6"].map {
        "\($0).checksum.status"
    }
    /// Names that wireshark gives to the outcomes; 1 is good.
    private static let bad = "0"

    @Test func tsharkReadsEveryFieldThatWasBuilt() throws {
        guard FileManager.default.isExecutableFile(atPath: Self.path) else {
            Issue.record("no \(Self.path): install it with apt-get install tshark")
            return
        }
        let frames = Self.frames
        let keys = frames.flatMap { $0.fields.map(\.0) } + Self.statuses + ["_ws.malformed"]
        let columns = Set(keys).sorted()
        let rows = try Self.decode(frames.map(\.bytes), columns)
        try #require(rows.count == frames.count)
        for (frame, row) in zip(frames, rows) {
            for (key, value) in frame.fields {
                #expect(row[key] == value, "\(frame.name): \(key)")
            }
            #expect(row["_ws.malformed"] == "", "\(frame.name)")
            for status in Self.statuses where frame.fields.allSatisfy({ $0.0 != status }) {
                let outcomes = row[status, default: ""].split(separator: ",")
                #expect(outcomes.allSatisfy { $0 == "1" }, "\(frame.name): \(status)")
            }
        }
    }

    @Test func tsharkFindsTheChecksumThatIsWrong() throws {
        guard FileManager.default.isExecutableFile(atPath: Self.path) else {
            Issue.record("no \(Self.path): install it with apt-get install tshark")
            return
        }
        // The canary: one bit of the last byte turned, in every frame that ends in a checksummed
        // payload. Were verification off, the test above could not fail.
        let intact = [
            ("tcp", Build.frame(Build.v4, .tcp, Build.tcp(Build.v4, [1]))),
            ("udp", Build.frame(Build.v6, .udp, Build.udp(Build.v6, [1]))),
            ("sctp", Build.frame(Build.v4, .sctp, Build.sctp())),
        ]
        let damaged = intact.map { frame -> [UInt8] in
            var bytes = frame.1
            bytes[bytes.count - 1] ^= 1
            return bytes
        }
        let rows = try Self.decode(damaged, Self.statuses)
        for (frame, row) in zip(intact, rows) {
            #expect(row["\(frame.0).checksum.status"] == Self.bad, "\(frame.0)")
        }
    }

    /// One dictionary of column to text for each frame.
    private static func decode(_ frames: [[UInt8]], _ columns: [String]) throws
        -> [[String: String]]
    {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "wire-\(UUID().uuidString).pcap")
        try Data(pcap(frames)).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: path)
        let checks = ["ip.check_checksum", "tcp.check_checksum", "udp.check_checksum"]
        let off = ["ip.defragment", "ipv6.defragment", "tcp.relative_sequence_numbers"]
        let options =
            checks.map { "\($0):TRUE" } + off.map { "\($0):FALSE" } + ["sctp.checksum:CRC 32c"]
        process.arguments =
            ["-n", "-r", file.path, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a"]
            + options.flatMap { ["-o", $0] } + columns.flatMap { ["-e", $0] }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "tshark failed")
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map { line in
            let values = line.split(separator: "|", omittingEmptySubsequences: false)
            return Dictionary(uniqueKeysWithValues: zip(columns, values.map(String.init)))
        }
    }

    /// A pcap file of Ethernet frames, all at time zero.
    private static func pcap(_ frames: [[UInt8]]) -> [UInt8] {
        func words(_ values: [UInt32]) -> [UInt8] {
            values.flatMap { value in [24, 16, 8, 0].map { UInt8(value >> $0 & 0xff) } }
        }
        let header = words([0xa1b2_c3d4, 0x0002_0004, 0, 0, 0x4_0000, 1])
        return frames.reduce(into: header) { file, frame in
            file += words([0, 0, UInt32(frame.count), UInt32(frame.count)]) + frame
        }
    }
}
