// Goal: `weft ipvs` behaves as a command should: data on standard output, messages on standard error, an
// exit code for each kind of trouble, `-` for standard input and output. Method: the binary, run as a
// process.

import Foundation
import Testing

@Suite struct IpvsVerbTests {
    private let rules = WeftProcess.data("rules/web.rules")
    private let trace = WeftProcess.data("traces/real-cooked.pcap")

    private func ipvs(_ arguments: String..., input: String? = nil) throws -> Finished {
        try WeftProcess.weft(["ipvs"] + arguments, input: input)
    }

    @Test func `a replay ends with 0, its report on standard output alone`() throws {
        let run = try ipvs("replay", "--rules", rules, "-i", trace)
        #expect(run.status == 0 && run.errors == "")
        #expect(run.lines.first?.hasPrefix("\(trace) through \(rules): 266 packets, ") == true)
        #expect(run.lines.count { $0.hasPrefix("Processing:") } == 1)
        #expect(run.lines.contains { $0.hasPrefix("Ledger: ") && $0.hasSuffix(", balanced") })
        #expect(run.lines.allSatisfy { !$0.hasSuffix(" ") })
    }

    @Test(arguments: [
        (["replay"], "Missing expected argument"),
        (["replay", "--rules", "a"], "Missing expected argument"),
        (["replay", "--rules", "a", "-i", "b", "--loop", "0"], "--loop: must be at least 1"),
        (["replay", "--rules", "-", "-i", "-"], "standard input can be read only once"),
        (["replay", "--rules", "a", "-i", "-", "--loop", "2"], "can be read only once"),
        (["list", "--rules", "-", "--marks", "-"], "standard input can be read only once"),
        (
            ["replay", "--rules", "a", "-i", "b", "-o", "-", "--verdicts", "-"],
            "-o and --verdicts: standard output can be written only once"
        ),
        (
            ["replay", "--rules", "a", "-i", "b", "-o", "-", "--json"],
            "-o and --json: standard output can be written only once"
        ),
        (["list", "--rules", "a", "--frob"], "--frob"),
        (["save"], "Missing expected argument"),
    ])
    func `a wrong command line is 64`(arguments: [String], words: String) throws {
        let run = try WeftProcess.weft(["ipvs"] + arguments)
        #expect(run.status == 64 && run.output == "")
        #expect(run.errors.contains(words), "\(run.errors)")
    }

    @Test(arguments: [
        ("--sysctl", "net.ipv4.vs.frob=1", "sysctl frob: there is no such setting of IPVS"),
        ("--sysctl", "drop_entry=4", "sysctl drop_entry: 4 is not in 0...3"),
        ("--sysctl", "drop_entry", "NAME=VALUE is wanted"),
        ("--mark", "tcp 10.0.0.1:80", "mark `tcp 10.0.0.1:80'"),
        ("--link", "mtu=67", "the MTU is 68 to 65535"),
        ("--link", "address=10.0.0.1", "no address with a prefix length"),
        ("--address", "host", "address `host': no IP address"),
        ("--filter", "tcp and and", "--filter: "),
        ("--remap", "tcp=10.0.0.1:80", "no virtual service takes packets for 10.0.0.1:80"),
    ])
    func `an option that cannot be honoured is 64`(
        option: String, value: String, words: String
    ) throws {
        let run = try ipvs("replay", "--rules", rules, "-i", trace, option, value)
        #expect(run.status == 64 && run.output == "")
        #expect(run.errors.hasPrefix("weft: ") && run.errors.contains(words), "\(run.errors)")
    }

    @Test func `what is not there is 66`() throws {
        for (rules, trace) in [
            ("/nonexistent/x", trace), (rules, "/nonexistent/x"), ("/tmp", trace),
        ] {
            let run = try ipvs("replay", "--rules", rules, "-i", trace)
            #expect(run.status == 66 && run.output == "")
            #expect(run.errors.contains(rules == "/tmp" ? "/tmp" : "/nonexistent/x"))
        }
        let marks = try ipvs("list", "--rules", rules, "--marks", "/nonexistent/marks")
        #expect(marks.status == 66 && marks.errors.contains("/nonexistent/marks"))
    }

    @Test(arguments: ["replay", "list", "save"])
    func `a wrong rule is 65 with its file and line, and nothing runs`(verb: String) throws {
        let text = "-A -t 10.0.0.1:80 -s rr\n# fine\n-a -t 10.0.0.1:80 -r 10.0.0.2 -w many\n"
        try WeftProcess.withFile("site.rules", Data(text.utf8)) { path in
            let more = verb == "replay" ? ["-i", trace, "-o", "\(path).pcap"] : []
            let run = try WeftProcess.weft(["ipvs", verb, "--rules", path] + more)
            #expect(run.status == 65 && run.output == "")
            #expect(run.errors == "weft: \(path):3: illegal weight specified\n")
            #expect(!FileManager.default.fileExists(atPath: "\(path).pcap"))
        }
    }

    @Test func `a wrong mark is 65 with its file and line`() throws {
        let text = "*mangle\n-A PREROUTING -i eth0 -d 10.0.0.1 -j MARK --set-mark 1\n"
        try WeftProcess.withFile("site.marks", Data(text.utf8)) { path in
            let run = try ipvs("list", "--rules", rules, "--marks", path)
            #expect(run.status == 65 && run.output == "")
            #expect(run.errors.hasPrefix("weft: \(path):2: "), "\(run.errors)")
        }
    }

    @Test func `a real server with a link's broadcast address is refused`() throws {
        let text = "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.9.255.255\n"
        try WeftProcess.withFile("site.rules", Data(text.utf8)) { path in
            let without = try ipvs("save", "--rules", path)
            #expect(without.status == 0)
            let with = try ipvs("save", "--rules", path, "--link", "address=10.9.0.1/16")
            #expect(with.status == 65 && with.errors.contains("\(path):2: Invalid operation."))
        }
    }

    @Test func `a file that cannot be written is 73`() throws {
        for option in ["-o", "--verdicts"] {
            let run = try ipvs("replay", "--rules", rules, "-i", trace, option, "/nonexistent/out")
            #expect(run.status == 73 && run.output == "")
            #expect(run.errors.contains("/nonexistent/out"))
        }
    }

    @Test func `rules and trace may come by standard input, packets go to standard output`() throws
    {
        let named = try ipvs("replay", "--rules", rules, "-i", trace)
        for (arguments, input) in [
            (["--rules", "-", "-i", trace], rules), (["--rules", rules, "-i", "-"], trace),
        ] {
            let run = try WeftProcess.weft(["ipvs", "replay"] + arguments, input: input)
            #expect(run.status == 0)
            let (read, expected) = (run.lines.dropFirst().dropLast(), named.lines.dropFirst())
            #expect(Array(read) == Array(expected.dropLast()))
        }
        try WeftProcess.withFile("out.pcap", Data()) { path in
            let file = try ipvs("replay", "--rules", rules, "-i", trace, "-o", path)
            #expect(file.status == 0)
            let binary = URL(fileURLWithPath: CommandLine.arguments[0])
                .deletingLastPathComponent().appending(path: "weft").path
            let command =
                "'\(binary)' ipvs replay --rules '\(rules)' -i '\(trace)' -o - | cmp - '\(path)'"
            let piped = try WeftProcess.run("/bin/sh", ["-c", command])
            #expect(piped.status == 0 && piped.output == "", "\(piped.output)")
        }
    }

    @Test func `filter, limit, loop and remap do what they say`() throws {
        let limited = try ipvs("replay", "--rules", rules, "-i", trace, "--limit", "10")
        #expect(limited.lines.first?.contains("10 packets") == true)
        let filtered = try ipvs("replay", "--rules", rules, "-i", trace, "--filter", "udp")
        #expect(filtered.lines[1].contains("not matched by the filter"))
        let looped = try ipvs("replay", "--rules", rules, "-i", trace, "--loop", "2")
        #expect(looped.lines.first?.contains("532 packets") == true)
        let remapped = try ipvs(
            "replay", "--rules", rules, "-i", trace, "--remap",
            "tcp port 8080=192.0.2.13:8080")
        let line = try #require(remapped.lines.first { $0.hasPrefix("tcp 192.0.2.13:8080 sh") })
        let counts = line.split(separator: " ").compactMap { Int($0) }
        #expect(counts.count == 5 && counts.allSatisfy { $0 > 0 }, "\(line)")
    }

    @Test func `sysctls, marks and the seed change what happens`() throws {
        let marked = try ipvs(
            "list", "--rules", WeftProcess.data("rules/fwmark.rules"), "-n", "--stats", "--mark",
            "tcp 192.0.2.12:8080=256", "-i", trace)
        let service = try #require(marked.lines.first { $0.hasPrefix("FWM  256  ") })
        #expect(service.split(separator: " ").compactMap { Int($0) }[1] > 0, "\(service)")
        // A trace that starts in mid-connection is taken up only by sloppy_tcp.
        let late = [
            "list", "--rules", rules, "-n", "-c", "-i", WeftProcess.data("traces/real.pcap"),
        ]
        let filter = ["--filter", "tcp[tcpflags] & tcp-syn == 0"]
        let strict = try WeftProcess.weft(["ipvs"] + late + filter)
        let sloppy = try WeftProcess.weft(
            ["ipvs"] + late + filter + ["--sysctl", "net.ipv4.vs.sloppy_tcp=1"])
        #expect(!strict.lines.contains { $0.hasPrefix("TCP ") })
        #expect(sloppy.lines.contains { $0.hasPrefix("TCP ") })
    }

    @Test func `rules are saved so that they give the same rules`() throws {
        for name in ["web", "direct-tunnel", "fwmark", "ipv6"] {
            let first = try ipvs("save", "--rules", WeftProcess.data("rules/\(name).rules"))
            #expect(first.status == 0 && first.lines.count > 5)
            try WeftProcess.withFile("saved", Data(first.output.utf8)) { path in
                let second = try ipvs("save", "--rules", path)
                #expect(second.output == first.output)
            }
        }
    }
}
