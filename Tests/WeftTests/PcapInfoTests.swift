// Goal: `weft pcap info` tells what capinfos tells. Method: every bundled trace through both, column
// by column, by the columns' names; then what goes wrong, by exit code and message.

import Foundation
import Testing

@Suite struct PcapInfoTests {
    private static let hasCapinfos = WeftProcess.has("capinfos")

    /// A table as columns of its first row, by heading.
    private func columns(_ table: Finished) throws -> [String: String] {
        try #require(table.lines.count == 2)
        let rows = table.lines.map { $0.components(separatedBy: "\t") }
        try #require(rows[0].count == rows[1].count)
        return Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
    }

    /// capinfos takes time differences of doubles, which are good to a quarter of a microsecond.
    private func agree(_ ours: String, _ theirs: String) -> Bool {
        guard ours != theirs, let a = Double(ours), let b = Double(theirs) else {
            return ours == theirs
        }
        return abs(a - b) <= 1e-5 * max(abs(a), abs(b))
    }

    @Test(.enabled(if: hasCapinfos), arguments: WeftProcess.traces)
    func `every column is what capinfos says`(trace: String) throws {
        let ours = try columns(WeftProcess.weft(["pcap", "info", "-T", trace]))
        let theirs = try columns(WeftProcess.run("/usr/bin/capinfos", ["-M", "-T", trace]))
        #expect(ours.count == 16)
        for (name, value) in ours.sorted(by: { $0.key < $1.key }) {
            let expected = try #require(theirs[name], "capinfos has no column \(name)")
            #expect(agree(value, expected), "\(name): \(value), capinfos \(expected)")
        }
    }

    @Test(.enabled(if: hasCapinfos))
    func `an empty capture has no times and no rates`() throws {
        let trace = try Data(contentsOf: URL(fileURLWithPath: WeftProcess.data("traces/real.pcap")))
        try WeftProcess.withFile("empty.pcap", trace.prefix(24)) { path in
            let ours = try columns(WeftProcess.weft(["pcap", "info", "-T", path]))
            let theirs = try columns(WeftProcess.run("/usr/bin/capinfos", ["-M", "-T", path]))
            for (name, value) in ours.sorted(by: { $0.key < $1.key }) {
                #expect(value == theirs[name], "\(name)")
            }
        }
    }

    /// A section, an interface and two simple packet blocks of four bytes, by pcapng's description.
    @Test(.enabled(if: hasCapinfos))
    func `a capture without times has no rates and no order`() throws {
        var words: [UInt32] = [0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, .max, .max, 28]
        words += [1, 20, 1, 65_535, 20]
        for _ in 0..<2 { words += [3, 20, 4, 0x0403_0201, 20] }
        let bytes = words.flatMap { word in (0..<4).map { UInt8(word >> ($0 * 8) & 0xff) } }
        try WeftProcess.withFile("simple.pcapng", Data(bytes)) { path in
            let ours = try columns(WeftProcess.weft(["pcap", "info", "-T", path]))
            let theirs = try columns(WeftProcess.run("/usr/bin/capinfos", ["-M", "-T", path]))
            for (name, value) in ours.sorted(by: { $0.key < $1.key }) {
                #expect(value == theirs[name], "\(name)")
            }
            let json = try WeftProcess.weft(["pcap", "info", "--json", path]).output
            #expect(!json.contains("isInTimeOrder") && !json.contains("PerSecond"))
        }
    }

    @Test func `a pipe does not tell its precision, and times have the digits they need`() throws {
        // The first is of microseconds, with magic 0xa1b2c3d4, the second of nanoseconds, 0xa1b23c4d.
        for (magic, fraction, digits) in [
            ("d4c3b2a1", "40e20100", "123456"), ("4d3cb2a1", "15cd5b07", "123456789"),
        ] {
            let hexadecimal =
                magic + "02000400" + "0000000000000000" + "ffff0000" + "01000000"
                + "01000000" + fraction + "0000000000000000"
            let escapes = stride(from: 0, to: hexadecimal.count, by: 2).map { place in
                let byte = Int(hexadecimal.dropFirst(place).prefix(2), radix: 16) ?? 0
                return "\\" + String(byte, radix: 8)
            }.joined()
            let weft = URL(fileURLWithPath: CommandLine.arguments[0])
                .deletingLastPathComponent().appending(path: "weft").path
            let info = try WeftProcess.run(
                "/bin/sh", ["-c", "printf '\(escapes)' | '\(weft)' pcap info -"])
            #expect(info.lines.contains("File time precision: n/a"))
            #expect(info.lines.contains("Start time:          1970-01-01 00:00:01.\(digits)"))
        }
    }

    @Test func `a cut last record is a warning with its place, and the rest counts`() throws {
        let trace = try Data(contentsOf: URL(fileURLWithPath: WeftProcess.data("traces/real.pcap")))
        try WeftProcess.withFile("cut.pcap", trace.prefix(1000)) { path in
            let info = try WeftProcess.weft(["pcap", "info", path])
            #expect(info.status == 0)
            #expect(info.lines.contains("Number of packets:   9"))
            #expect(
                info.errors
                    == "weft: \(path): byte 974: the last record is cut, 88 bytes short\n")
        }
    }

    @Test func `standard input is read, and its interfaces are listed`() throws {
        let path = WeftProcess.data("traces/real-mixed.pcapng")
        let info = try WeftProcess.weft(["pcap", "info", "-"], input: path)
        #expect(info.status == 0)
        #expect(info.lines.first == "File name:           -")
        #expect(info.lines.contains("Number of packets:   832"))
        #expect(info.lines.contains { $0.hasPrefix("  #2 linux-sll, 266 packets") })
    }

    @Test func `one bad file does not hide the others`() throws {
        let good = WeftProcess.data("traces/real-raw.pcap")
        let missing = try WeftProcess.weft(["pcap", "info", "-T", "/no/such", good])
        #expect(missing.status == 66)
        #expect(missing.errors.hasPrefix("weft: /no/such: "))
        #expect(missing.lines.count == 2)
        let text = WeftProcess.data("README.md")
        let foreign = try WeftProcess.weft(["pcap", "info", "-T", text, good])
        #expect(foreign.status == 65)
        #expect(foreign.errors.hasPrefix("weft: \(text): byte 0: unknown magic number"))
        #expect(foreign.lines.count == 2)
    }

    @Test func `usage errors end with 64`() throws {
        #expect(try WeftProcess.weft(["pcap", "info"]).status == 64)
        #expect(try WeftProcess.weft(["pcap", "info", "-T", "--json", "x"]).status == 64)
    }

    @Test func `JSON has a schema and the same numbers as the table`() throws {
        let trace = WeftProcess.data("traces/dual-stack.pcap")
        let json = try WeftProcess.weft(["pcap", "info", "--json", trace]).output
        struct Report: Decodable {
            struct File: Decodable {
                struct Interface: Decodable {
                    let linkType: String
                    let packets: Int
                }
                let packets: Int
                let bytes: Int
                let fileBytes: Int
                let earliestNanoseconds: UInt64
                let interfaces: [Interface]
            }
            let schema: String
            let files: [File]
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(json.utf8))
        let table = try columns(WeftProcess.weft(["pcap", "info", "-T", trace]))
        #expect(report.schema == "weft.pcap-info/1")
        let file = try #require(report.files.first)
        #expect(table["Number of packets"] == "\(file.packets)")
        #expect(table["Data size (bytes)"] == "\(file.bytes)")
        #expect(table["File size (bytes)"] == "\(file.fileBytes)")
        #expect(file.interfaces.map(\.packets) == [file.packets])
        #expect(file.interfaces.map(\.linkType) == ["ethernet"])
        #expect(file.earliestNanoseconds % 1_000_000_000 / 1_000 == 60_739)
    }
}
