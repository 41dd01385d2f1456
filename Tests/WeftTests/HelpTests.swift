// Goal: what the command says of itself is so: usage lines, schemas, completions, and help of what there is.
// Method: the binary, run as a process.

import Testing

@Suite struct HelpTests {
    @Test func `help of what is not there is no success`() throws {
        for words in [["bogus"], ["pcap", "bogus"], ["ipvs", "list", "bogus"]] {
            let run = try WeftProcess.weft(["help"] + words)
            #expect(run.status == 64 && run.output == "")
            #expect(run.errors == "weft: help: no such subcommand 'bogus'\n")
        }
        for words in [[], ["replay"], ["ipvs", "list"], ["pcap"], ["generate"], ["bench"]] {
            #expect(try WeftProcess.weft(["help"] + words).status == 0, "\(words)")
        }
    }

    @Test func `what is required is not shown as optional`() throws {
        for verb in ["replay", "explain", "config"] {
            let help = try WeftProcess.weft([verb, "--help"]).output
            #expect(help.contains("USAGE: weft \(verb) --compose-file <file> ... "), "\(verb)")
        }
    }

    @Test(arguments: [
        (["replay"], "weft.replay/1"), (["explain"], "weft.explain/1"),
        (["config"], "weft.config/1"), (["pcap", "info"], "weft.pcap-info/1"),
        (["ipvs", "replay"], "weft.ipvs-replay/1"), (["bench"], "weft.bench/1"),
        (["bench"], "weft.bench-growth/1"), (["bench"], "weft.bench-ipvs/1"),
    ])
    func `the help of --json names the schema`(verb: [String], schema: String) throws {
        let words = try WeftProcess.weft(verb + ["--help"]).output
            .split(whereSeparator: \.isWhitespace)
        #expect(words.contains { $0.hasPrefix(schema) })
    }

    @Test func `a capture is refused on a terminal without a usage line of another verb`() throws {
        let command = "'\(WeftProcess.binary)' generate -o -"
        let run = try WeftProcess.run("/usr/bin/script", ["-qec", command, "/dev/null"])
        #expect(run.status == 64)
        #expect(run.output == "weft: -: a capture is binary and is not written to a terminal\r\n")
    }

    /// fish's script has a line for each option.
    @Test func `options that take files complete the names of files`() throws {
        let script = try WeftProcess.weft(["--generate-completion-script", "fish"]).lines
        for option in ["compose-file", "input", "rules", "marks", "verdicts", "compare"] {
            let lines = script.filter { $0.contains("-l '\(option)'") }
            #expect(!lines.isEmpty && lines.allSatisfy { $0.hasSuffix(" -rF") }, "\(lines)")
        }
        let entry = script.filter { $0.contains("-l 'entry'") }
        #expect(!entry.isEmpty && entry.allSatisfy { $0.contains("round-robin") })
    }
}
