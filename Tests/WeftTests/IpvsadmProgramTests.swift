// Goal: `weft ipvsadm`, and Weft called ipvsadm, change and show a rules file as that program does the
// kernel's rules, whole or not at all. Method: the binary, run as a process, through a link of that name
// and by its verb; what it answers to each command is compared with the real one elsewhere
// (IpvsadmTests), here it is the file that counts.

import Foundation
import Testing

@Suite struct IpvsadmProgramTests {
    private static let binary = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().appending(path: "weft").path

    private func withDirectory(_ body: (String) throws -> Void) throws {
        try WeftProcess.withFile("here", Data()) { path in
            try body(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func `commands build up a file, one by one`() throws {
        try withDirectory { directory in
            let file = "\(directory)/site.rules"
            for words in [
                ["-A", "-t", "10.0.0.1:80", "-s", "wrr", "-p", "60"],
                ["-a", "-t", "10.0.0.1:80", "-r", "10.0.0.2", "-m", "-w", "3", "-x", "9"],
                ["-a", "-t", "10.0.0.1:80", "-r", "10.0.0.3", "-i"],
                ["-e", "-t", "10.0.0.1:80", "-r", "10.0.0.3", "-g", "-w", "2"],
                ["--set", "30", "20", "10"],
            ] {
                let run = try WeftProcess.weft(["ipvsadm", "--rules", file] + words)
                #expect(run.status == 0 && run.output == "" && run.errors == "", "\(words)")
            }
            let saved = """
                --set 30 20 10
                -A -t 10.0.0.1:80 -s wrr -p 60
                -a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 3 -x 9
                -a -t 10.0.0.1:80 -r 10.0.0.3:80 -g -w 2

                """
            #expect(try text(file) == saved)
            let list = try WeftProcess.weft(["ipvsadm", "--rules", file, "-Ln"])
            #expect(list.lines.count == 6 && list.lines[3] == "TCP  10.0.0.1:80 wrr persistent 60")
            let timeouts = try WeftProcess.weft(["ipvsadm", "--rules=\(file)", "-L", "--timeout"])
            #expect(timeouts.output == "Timeout (tcp tcpfin udp): 30 20 10\n")
            #expect(try text(file) == saved)
            let clear = try WeftProcess.weft(["ipvsadm", "--rules", file, "-C"])
            #expect(clear.status == 0)
            #expect(try text(file) == "--set 30 20 10\n")
        }
    }

    @Test func `a command that is refused leaves the file as it is`() throws {
        try withDirectory { directory in
            let file = "\(directory)/site.rules"
            let before = "# by hand\n-A -t 10.0.0.1:80 -s rr\n"
            try Data(before.utf8).write(to: URL(fileURLWithPath: file))
            for (words, message, status) in [
                (["-A", "-t", "10.0.0.1:80"], "Service already exists", 255),
                (["-a", "-t", "10.0.0.1:80"], "You need to supply the 'real-server' option", 2),
                (["-q"], "Try `weft ipvsadm -h' or 'weft ipvsadm --help'", 255),
                (["-L", "-t", "10.0.0.9:80"], "No such service", 1),
            ] as [([String], String, Int32)] {
                let run = try WeftProcess.weft(["ipvsadm", "--rules", file] + words)
                #expect(run.status == status && run.output == "" && run.errors.hasPrefix(message))
                #expect(try text(file) == before)
            }
            let input = "\(directory)/more"
            try Data("-A -f 1\n-A -t 10.0.0.1:80\n".utf8).write(to: URL(fileURLWithPath: input))
            let restore = try WeftProcess.weft(["ipvsadm", "--rules", file, "-R"], input: input)
            #expect(restore.status == 255)
            #expect(restore.errors == "<stdin>:2: Service already exists\n")
            #expect(try text(file) == before)
        }
    }

    @Test func `called ipvsadm it is ipvsadm, on the file that WEFT_RULES names`() throws {
        try withDirectory { directory in
            let program = "\(directory)/ipvsadm"
            try FileManager.default.createSymbolicLink(
                atPath: program, withDestinationPath: Self.binary)
            let file = "\(directory)/site.rules"
            func run(_ words: String...) throws -> Finished {
                try WeftProcess.run("/usr/bin/env", ["WEFT_RULES=\(file)", program] + words)
            }
            #expect(try run("-A", "-t", "10.0.0.1:80", "-s", "rr").status == 0)
            #expect(try run("-Sn").output == "-A -t 10.0.0.1:80 -s rr\n")
            let wrong = try run("-n")
            #expect(wrong.status == 255)
            #expect(
                wrong.errors == "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n")
            #expect(try run("--version").output.hasPrefix("ipvsadm v1.31 "))
            let unnamed = try WeftProcess.run(program, ["-L"])
            #expect(unnamed.status == 2 && unnamed.errors.contains("WEFT_RULES"))
            #expect(try WeftProcess.run(program, ["-h"]).status == 0)
        }
    }

    /// What they do is read off Debian's scripts of these names.
    @Test func `called ipvsadm-save and ipvsadm-restore it is those scripts`() throws {
        try withDirectory { directory in
            let file = "\(directory)/site.rules"
            func run(_ name: String, _ words: [String] = [], input: String = "") throws -> Finished
            {
                let link = "\(directory)/\(name)"
                if !FileManager.default.fileExists(atPath: link) {
                    try FileManager.default.createSymbolicLink(
                        atPath: link, withDestinationPath: Self.binary)
                }
                let text = "\(directory)/input"
                try Data(input.utf8).write(to: URL(fileURLWithPath: text))
                return try WeftProcess.run(
                    "/usr/bin/env", ["WEFT_RULES=\(file)", link] + words, input: text)
            }
            try Data("-A -t 127.0.0.1:80 -s rr\n".utf8).write(to: URL(fileURLWithPath: file))
            #expect(try run("ipvsadm-save", ["-n"]).output == "-A -t 127.0.0.1:80 -s rr\n")
            #expect(try run("ipvsadm-save").output == "-A -t localhost:http -s rr\n")
            let half = try run("ipvsadm-restore", input: "-A -f 1 -s rr\n-A -f 1 -s rr\n")
            #expect(half.status == 255 && half.errors == "<stdin>:2: Service already exists\n")
            #expect(try text(file) == "-A -t 127.0.0.1:80 -s rr\n")
            let whole = try run("ipvsadm-restore", input: "# saved\n-A -f 1 -s rr\n")
            #expect(whole.status == 0 && whole.output == "" && whole.errors == "")
            #expect(try text(file) == "-A -f 1 -s rr\n")
            for name in ["ipvsadm-save", "ipvsadm-restore"] {
                let help = try run(name, ["-h"], input: "-A -f 2 -s rr\n")
                #expect(help.status == 1 && help.output == "")
                #expect(help.errors.hasPrefix("\(name): Script to "))
            }
            #expect(try text(file) == "-A -f 1 -s rr\n")
        }
    }

    @Test func `rules on standard input are shown and not changed`() throws {
        try WeftProcess.withFile("rules", Data("-A -f 1 -s rr\n".utf8)) { path in
            let list = try WeftProcess.weft(["ipvsadm", "--rules", "-", "-Sn"], input: path)
            #expect(list.status == 0 && list.output == "-A -f 1 -s rr\n")
            let change = try WeftProcess.weft(["ipvsadm", "--rules", "-", "-C"], input: path)
            #expect(change.status == 2 && change.errors.contains("can be shown, not changed"))
            let before = URL(fileURLWithPath: "-").path
            #expect(!FileManager.default.fileExists(atPath: before))
        }
    }

    @Test func `a wrong file is named with its line and not touched`() throws {
        try withDirectory { directory in
            let file = "\(directory)/site.rules"
            try Data("-A -t 10.0.0.1:80\n-A frob\n".utf8).write(to: URL(fileURLWithPath: file))
            for words in [["-L"], ["-A", "-f", "1"], ["-C"]] {
                let run = try WeftProcess.weft(["ipvsadm", "--rules", file] + words)
                #expect(run.status == 2 && run.output == "")
                #expect(run.errors == "\(file):2: unexpected argument frob\n")
            }
            #expect(try text(file) == "-A -t 10.0.0.1:80\n-A frob\n")
        }
    }

    @Test func `a link and permissions stay, and nothing is left beside the file`() throws {
        try withDirectory { directory in
            let (file, link) = ("\(directory)/site.rules", "\(directory)/link")
            #expect(FileManager.default.createFile(atPath: file, contents: Data()))
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: "site.rules")
            let run = try WeftProcess.weft(["ipvsadm", "--rules", link, "-A", "-f", "1"])
            #expect(run.status == 0)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "site.rules")
            #expect(try text(file) == "-A -f 1 -s wlc\n")
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o640)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(names.sorted() == ["here", "link", "site.rules"])
        }
    }

    @Test func `commands at the same time all count`() throws {
        try withDirectory { directory in
            let file = "\(directory)/site.rules"
            let numbers = "\(directory)/numbers"
            let lines = (1...12).map { "\($0)\n" }.joined()
            try Data(lines.utf8).write(to: URL(fileURLWithPath: numbers))
            let words = ["-P", "6", "-I", "N", Self.binary, "ipvsadm", "--rules", file]
            let run = try WeftProcess.run(
                "/usr/bin/xargs", words + ["-A", "-f", "N"], input: numbers)
            #expect(run.status == 0 && run.errors == "")
            let marks = try text(file).split(separator: "\n").map { $0.split(separator: " ")[2] }
            #expect(Set(marks).count == 12)
        }
    }
}
