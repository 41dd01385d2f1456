// Goal: outputs cost nobody a file that is read or that nothing can replace, and what cannot be written is
// said, with 73. Method: the binary, run as a process; /dev/full for a disk without room.

import Foundation
import Testing

@Suite struct OutputTests {
    private static let stack = WeftProcess.data("stacks/web.yml")
    private static let rules = WeftProcess.data("rules/web.rules")
    private static let trace = WeftProcess.data("traces/real-cooked.pcap")

    /// A directory of its own, with a trace `in.pcap` and rules `in.rules` in it.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        try WeftProcess.withFile("here", Data()) { path in
            let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try FileManager.default.copyItem(atPath: Self.trace, toPath: "\(directory)/in.pcap")
            try FileManager.default.copyItem(atPath: Self.rules, toPath: "\(directory)/in.rules")
            try body(directory)
        }
    }

    private func content(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }

    private func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    /// `replay` once emptied the task's file while it was mapped, and ended in SIGBUS.
    @Test(arguments: ["node1", "web_web.1", "web_signal.1"])
    func `a replay does not write over the file it reads, nor over its siblings`(
        name: String
    ) throws {
        try withDirectory { directory in
            let words = ["replay", "-c", Self.stack, "-o", "\(directory)/out", "-i"]
            #expect(try WeftProcess.weft(words + [Self.trace]).status == 0)
            let files = try names("\(directory)/out").map { "\(directory)/out/\($0)" }
            let before = try files.map(content)
            let input = "\(directory)/out/\(name).pcapng"
            let run = try WeftProcess.weft(words + [input])
            #expect(run.status == 64 && run.output == "")
            #expect(run.errors.hasPrefix("weft: \(input): this is an input too"))
            #expect(try files.map(content) == before)
        }
    }

    @Test(arguments: [
        ["-o", "in.pcap"], ["-o", "symbolic"], ["-o", "hard"], ["--verdicts", "in.pcap"],
        ["-o", "in.rules"], ["-o", "kept", "--verdicts", "in.rules"],
    ])
    func `a director's replay does not write over trace or rules`(outputs: [String]) throws {
        try withDirectory { directory in
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/symbolic", withDestinationPath: "in.pcap")
            try FileManager.default.linkItem(
                atPath: "\(directory)/in.pcap", toPath: "\(directory)/hard")
            try Data("kept".utf8).write(to: URL(fileURLWithPath: "\(directory)/kept"))
            let run = try WeftProcess.weft(
                [
                    "ipvs", "replay", "--rules", "\(directory)/in.rules", "-i",
                    "\(directory)/in.pcap",
                ] + outputs.map { $0.hasPrefix("-") ? $0 : "\(directory)/\($0)" })
            #expect(run.status == 64 && run.output == "")
            #expect(run.errors.contains("this is an input too"), "\(run.errors)")
            #expect(try content("\(directory)/in.pcap") == content(Self.trace))
            #expect(try content("\(directory)/in.rules") == content(Self.rules))
            #expect(try content("\(directory)/kept") == Data("kept".utf8))
        }
    }

    @Test func `one file is not two outputs`() throws {
        try withDirectory { directory in
            let run = try WeftProcess.weft([
                "ipvs", "replay", "--rules", Self.rules, "-i", Self.trace, "-o",
                "\(directory)/same", "--verdicts", "\(directory)/same",
            ])
            #expect(run.status == 64 && run.errors.contains("\(directory)/same: "))
        }
    }

    @Test func `an input that cannot be read leaves what is there`() throws {
        try withDirectory { directory in
            for input in ["\(directory)/absent.pcap", "\(directory)/here"] {
                let director = try WeftProcess.weft([
                    "ipvs", "replay", "--rules", Self.rules, "-i", input, "-o",
                    "\(directory)/in.pcap",
                ])
                #expect([65, 66].contains(director.status))
                let mesh = try WeftProcess.weft([
                    "replay", "-c", Self.stack, "-i", input, "-o", "\(directory)/out",
                ])
                #expect([65, 66].contains(mesh.status))
            }
            #expect(try content("\(directory)/in.pcap") == content(Self.trace))
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/out"))
        }
    }

    /// Files of tasks that saw a packet in an earlier replay only were left among the new ones.
    @Test func `every task has a file, and none is of an earlier replay`() throws {
        try withDirectory { directory in
            let words = ["replay", "-c", Self.stack, "-i", Self.trace, "-o"]
            #expect(try WeftProcess.weft(words + ["\(directory)/twice"]).status == 0)
            let limited = ["--filter", "udp"]
            #expect(try WeftProcess.weft(words + ["\(directory)/twice"] + limited).status == 0)
            #expect(try WeftProcess.weft(words + ["\(directory)/once"] + limited).status == 0)
            let expected =
                (1...3).map { "node\($0)" } + (1...3).map { "web_dns.\($0)" }
                + (1...2).map { "web_iperf.\($0)" } + (1...2).map { "web_signal.\($0)" }
                + (1...4).map { "web_web.\($0)" }
            #expect(try names("\(directory)/once") == expected.map { "\($0).pcapng" })
            for name in try names("\(directory)/twice") {
                let (once, twice) = ("\(directory)/once/\(name)", "\(directory)/twice/\(name)")
                #expect(try content(once) == content(twice), "\(name)")
                #expect(try WeftProcess.weft(["pcap", "info", once]).status == 0)
            }
        }
    }

    @Test(arguments: [
        "config -c STACK", "config -c STACK --json", "config -c STACK --services",
        "replay -c STACK -i TRACE", "replay -c STACK -i TRACE --json",
        "explain -c STACK -i TRACE --packet 9", "pcap info TRACE", "pcap info -T TRACE",
        "ipvs list --rules RULES", "ipvs save --rules RULES", "ipvs replay --rules RULES -i TRACE",
        "ipvs replay --rules RULES -i TRACE -o -", "ipvsadm --rules RULES -Ln",
        "generate --packets 10 --flows 10 -o -", "generate --packets 10 --flows 10 -o /dev/full",
    ])
    func `a full disk is 73 and said`(command: String) throws {
        let words = command.split(separator: " ").map { word in
            ["STACK": Self.stack, "TRACE": Self.trace, "RULES": Self.rules][word] ?? String(word)
        }
        let quoted = ([WeftProcess.binary] + words).map { "'\($0)'" }.joined(separator: " ")
        let run = try WeftProcess.run("/bin/sh", ["-c", "\(quoted) > /dev/full"])
        #expect(run.status == 73)
        #expect(run.errors.contains("No space left on device"), "\(run.errors)")
    }

    @Test func `what cannot be read is said in the system's words`() throws {
        let run = try WeftProcess.run(
            "/bin/sh", ["-c", "'\(WeftProcess.binary)' config -c - <&-"])
        #expect(run.status == 66 && run.errors == "weft: -: Bad file descriptor\n")
    }

    @Test func `the count of packets is gone before an error is said`() throws {
        try withDirectory { directory in
            let path = "\(directory)/long.pcap"
            let made = try WeftProcess.weft([
                "generate", "--packets", "70000", "--flows", "100", "--mix", "small", "-o", path,
            ])
            #expect(made.status == 0)
            var bytes = try content(path)
            // A record whose captured length is a lie.
            bytes += [UInt8](repeating: 0xff, count: 16)
            try bytes.write(to: URL(fileURLWithPath: path))
            let command =
                "'\(WeftProcess.binary)' replay -c '\(WeftProcess.data("stacks/bench.yml"))' -i '\(path)'"
            let run = try WeftProcess.run("/usr/bin/script", ["-qec", command, "/dev/null"])
            #expect(run.status == 65)
            #expect(run.output.contains("65536 packets\r\u{1b}[Kweft: \(path): byte "))
        }
    }

    /// Each file once stopped at a place of its own, where its buffer had last been full.
    @Test func `what was read before an error is in the files, whole`() throws {
        try withDirectory { directory in
            let good = try content("\(directory)/in.pcap")
            // A record whose captured length is a lie.
            try (good + [UInt8](repeating: 0xff, count: 16))
                .write(to: URL(fileURLWithPath: "\(directory)/bad.pcap"))
            for (name, status) in [("in", 0), ("bad", 65)] as [(String, Int32)] {
                let mesh = try WeftProcess.weft([
                    "replay", "-c", Self.stack, "-i", "\(directory)/\(name).pcap", "-o",
                    "\(directory)/\(name)",
                ])
                #expect(mesh.status == status)
                let director = try WeftProcess.weft([
                    "ipvs", "replay", "--rules", Self.rules, "-i", "\(directory)/\(name).pcap",
                    "--aim-replies", "-o", "\(directory)/\(name)/director.pcapng",
                ])
                #expect(director.status == status)
            }
            let files = try names("\(directory)/in")
            #expect(files.count > 10)
            #expect(try names("\(directory)/bad") == files)
            for file in files {
                #expect(
                    try content("\(directory)/bad/\(file)") == content("\(directory)/in/\(file)"))
            }
        }
    }
}
