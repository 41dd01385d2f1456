// Goal: `weft replay` behaves as a command should: data on standard output, messages on standard error,
// an exit code for each kind of trouble, `-` for standard input, nothing for terminals in a pipe, and
// the same output for the same input. Method: the binary, run as a process.

import Foundation
import Testing

@Suite struct ReplayVerbTests {
    private let stack = WeftProcess.data("stacks/web.yml")
    private let trace = WeftProcess.data("traces/real-cooked.pcap")

    private func replay(_ arguments: String..., input: String? = nil) throws -> Finished {
        try WeftProcess.weft(["replay"] + arguments, input: input)
    }

    /// All lines but the one that tells how long it took.
    private func steady(_ run: Finished) -> [String] {
        run.lines.filter { !$0.hasPrefix("Processing:") }
    }

    @Test func `a replay ends with 0, its report on standard output alone`() throws {
        let run = try replay("-c", stack, "-i", trace)
        #expect(run.status == 0 && run.errors == "")
        #expect(run.lines.first?.hasPrefix("\(trace) through web: 266 packets, ") == true)
        #expect(run.lines.count { $0.hasPrefix("Processing:") } == 1)
        #expect(run.lines.contains { $0.hasPrefix("Ledger: ") && $0.hasSuffix(", balanced") })
        let controls = run.output.unicodeScalars.filter { $0.value < 32 && $0 != "\n" }
        #expect(controls.isEmpty)
        #expect(run.lines.allSatisfy { !$0.hasSuffix(" ") })
    }

    @Test func `a rule that matches in vain is a warning`() throws {
        let rules = ["udp=web:8080", "tcp port 8080=web:8080"]
        let run = try replay("-c", stack, "-i", trace, "--remap", rules[0], "--remap", rules[1])
        let words = "weft: --remap 'udp=web:8080': the service does not publish the port for the "
        #expect(run.status == 0)
        #expect(run.errors.hasPrefix(words) && run.errors.hasSuffix(", left as they were\n"))
        #expect(run.errors.split(separator: "\n").count == 1)
    }

    @Test(arguments: [
        (["replay"], "Missing expected argument"),
        (["replay", "-c", "a.yml"], "Missing expected argument"),
        (["replay", "-c", "a.yml", "-i", "b", "--loop", "0"], "--loop: must be at least 1"),
        (
            ["replay", "-c", "a.yml", "-i", "-", "--loop", "2"],
            "standard input can be read only once"
        ),
        (["replay", "-c", "-", "-i", "-"], "standard input can be read only once"),
        (["replay", "-c", "a.yml", "-i", "b", "--limit", "x"], "--limit"),
        (["replay", "-c", "a.yml", "-i", "b", "--bogus"], "--bogus"),
    ])
    func `a wrong command line is 64`(arguments: [String], words: String) throws {
        let run = try WeftProcess.weft(arguments)
        #expect(run.status == 64)
        #expect(run.output == "")
        #expect(run.errors.contains(words), "\(run.errors)")
    }

    @Test(arguments: [
        ("--entry", "node9", "round-robin, hash nor a node (node1, node2, node3)"),
        ("--filter", "tcp and and", "--filter: "),
        ("--remap", "tcp=shop:80", "--remap 'tcp=shop:80': no service 'shop'"),
        ("--remap", "tcp", "--remap 'tcp': expected FILTER=SERVICE:PORT"),
        ("--without", "web.9", "--without 'web.9': no such task (web_web.1, web_web.2"),
    ])
    func `an option that the stack cannot honour is 64`(
        option: String, value: String, words: String
    ) throws {
        let run = try replay("-c", stack, "-i", trace, option, value)
        #expect(run.status == 64 && run.output == "")
        #expect(run.errors.hasPrefix("weft: ") && run.errors.contains(words), "\(run.errors)")
    }

    @Test func `a task is known with and without the name of the stack`() throws {
        let runs = try ["web.1", "web_web.1"].map {
            try replay("-c", stack, "-i", trace, "--without", $0)
        }
        #expect(runs[0].status == 0 && runs[0].output.contains("Without web_web.1: "))
        #expect(steady(runs[0]) == steady(runs[1]))
    }

    @Test func `a pipe that must be read twice is refused as standard input is`() throws {
        let binary = WeftProcess.binary
        for words in ["replay -i <(cat '\(trace)') --loop 2", "bench -i <(cat '\(trace)')"] {
            let run = try WeftProcess.run(
                "/bin/bash", ["-c", "'\(binary)' \(words) -c '\(stack)'"])
            #expect(run.status == 64 && run.errors.contains("can be read only once"))
        }
    }

    @Test func `a filter is refused in libpcap's words`() throws {
        let run = try replay("-c", stack, "-i", trace, "--filter", "port http and frob")
        #expect(run.status == 64)
        #expect(run.errors.contains("frob"), "\(run.errors)")
    }

    @Test func `what is not there is 66`() throws {
        let stackMissing = try replay("-c", "/nonexistent/stack.yml", "-i", trace)
        #expect(stackMissing.status == 66)
        #expect(stackMissing.errors.contains("/nonexistent/stack.yml"))
        let traceMissing = try replay("-c", stack, "-i", "/nonexistent/trace.pcap")
        #expect(traceMissing.status == 66)
        #expect(traceMissing.errors.contains("/nonexistent/trace.pcap"))
        let directory = try replay("-c", stack, "-i", "/tmp")
        #expect(directory.status == 66)
        for run in [stackMissing, traceMissing, directory] { #expect(run.output == "") }
    }

    @Test func `what is wrong inside is 65 and says where`() throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: trace))
        // The second record's captured length, made a lie.
        let first = bytes[32..<36].enumerated().reduce(0) {
            $0 + Int($1.element) << ($1.offset * 8)
        }
        let second = 24 + 16 + first
        bytes.replaceSubrange((second + 8)..<(second + 12), with: [0xff, 0xff, 0xff, 0x7f])
        try WeftProcess.withFile("lying.pcap", bytes) { path in
            let run = try replay("-c", stack, "-i", path)
            #expect(run.status == 65 && run.output == "")
            #expect(
                run.errors.contains("\(path): byte \(second + 8): captured length 2147483647"),
                "\(run.errors)")
        }
        try WeftProcess.withFile("noise.pcap", Data("not a trace at all".utf8)) { path in
            let run = try replay("-c", stack, "-i", path)
            #expect(run.status == 65 && run.errors.contains("\(path): byte 0"), "\(run.errors)")
        }
        try WeftProcess.withFile("bad.yml", Data("services:\n  a: { ports: [x] }\n".utf8)) { path in
            let run = try replay("-c", path, "-i", trace)
            #expect(run.status == 65 && run.errors.contains("\(path):2:"), "\(run.errors)")
        }
    }

    @Test func `a trace cut short is told and replayed, with 0`() throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: trace)).dropLast(7)
        try WeftProcess.withFile("cut.pcap", bytes) { path in
            let run = try replay("-c", stack, "-i", path)
            #expect(run.status == 0)
            #expect(run.errors.contains("the last record is cut, 7 bytes short"), "\(run.errors)")
            #expect(run.lines.first?.contains("265 packets") == true)
        }
    }

    @Test func `a directory that cannot be made is 73`() throws {
        try WeftProcess.withFile("occupied", Data()) { path in
            // What strerror(3) has for mkdir(2).
            for (output, words) in [
                (path, "\(path): File exists"), ("\(path)/below", "\(path)/below: Not a directory"),
                ("", "'': No such file or directory"),
            ] {
                let run = try replay("-c", stack, "-i", trace, "-o", output)
                #expect(run.status == 73 && run.output == "")
                #expect(run.errors == "weft: \(words)\n", "\(run.errors)")
            }
        }
    }

    @Test func `the trace may come by redirection and by pipe`() throws {
        let named = try replay("-c", stack, "-i", trace)
        let redirected = try replay("-c", stack, "-i", "-", input: trace)
        #expect(redirected.status == 0 && redirected.errors == "")
        func report(_ run: Finished, _ name: String) -> [String] {
            steady(run).map { $0.replacingOccurrences(of: "\(name) through", with: "X through") }
        }
        #expect(report(redirected, "-") == report(named, trace))
        let binary = WeftProcess.binary
        let piped = try WeftProcess.run(
            "/bin/sh", ["-c", "cat '\(trace)' | '\(binary)' replay -c '\(stack)' -i -"])
        #expect(piped.status == 0 && report(piped, "-") == report(named, trace))
    }

    @Test func `the stack may come by standard input`() throws {
        let named = try replay("-c", stack, "-i", trace)
        let read = try replay("-c", "-", "-i", trace, "--stack-name", "web", input: stack)
        #expect(read.status == 0)
        #expect(steady(read) == steady(named))
    }

    @Test func `the same command says the same and writes the same files`() throws {
        try WeftProcess.withFile("here", Data()) { path in
            let directories = ["\(path)-a", "\(path)-b"]
            let runs = try directories.map { directory in
                try replay("-c", stack, "-i", trace, "-o", directory, "--entry", "round-robin")
            }
            #expect(runs.allSatisfy { $0.status == 0 && $0.errors == "" })
            #expect(steady(runs[0]) == steady(runs[1]))
            let names = try directories.map {
                try FileManager.default.contentsOfDirectory(atPath: $0).sorted()
            }
            #expect(names[0] == names[1])
            #expect(names[0].contains("node1.pcapng"))
            #expect(names[0].contains { $0.hasPrefix("web_web.") })
            for name in names[0] {
                let files = try directories.map {
                    try Data(contentsOf: URL(fileURLWithPath: "\($0)/\(name)"))
                }
                let same = files[0] == files[1]
                #expect(same, "\(name)")
            }
        }
    }

    @Test func `entry, filter, limit and remap do what they say`() throws {
        let limited = try replay("-c", stack, "-i", trace, "--limit", "10")
        #expect(limited.lines.first?.contains("10 packets") == true)
        let endless = try replay(
            "-c", stack, "-i", trace, "--limit", "10", "--loop", "1000000000000")
        #expect(endless.lines.first == limited.lines.first)
        let filtered = try replay("-c", stack, "-i", trace, "--filter", "udp")
        #expect(filtered.lines[1].contains("not matched by the filter"))
        let looped = try replay("-c", stack, "-i", trace, "--loop", "2")
        #expect(looped.lines.first?.contains("532 packets") == true)
        let remapped = try replay(
            "-c", WeftProcess.data("stacks/voting.yml"), "-i", trace, "--remap",
            "tcp port 8080=vote:5000", "--entry", "node3")
        let vote = try #require(remapped.lines.first { $0.hasPrefix("voting_vote ") })
        let flows = vote.split(separator: " ").dropFirst(3).first
        #expect(flows.flatMap { Int($0) } ?? 0 > 0, "\(vote)")
    }
}
