// `weft ipvsadm`, and Weft called by the name ipvsadm: that program's grammar, messages and exit codes,
// on a rules file instead of the kernel. The file is named by `--rules FILE` or by WEFT_RULES; one that
// does not exist yet is an empty table.
//
// Invariant: a change is written whole or not at all, and two at once follow each other. Comments in
// the file do not survive one.

import ArgumentParser
import Dataplane
import Foundation
import Ipvsadm

/// Stands in the list of verbs; its words never reach the command's own parser.
struct IpvsadmVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ipvsadm",
        abstract: "Change and show the rules in a file, by the grammar of ipvsadm.",
        discussion: "weft ipvsadm --rules FILE -A -t 10.0.0.1:80 -s rr; -h says more.")

    @Argument(parsing: .captureForPassthrough, help: "As for ipvsadm.")
    var words: [String] = []

    func run() throws {
        throw ExitCode(IpvsadmProgram(name: "weft ipvsadm", words: words).run())
    }
}

struct IpvsadmProgram {
    /// How messages call it.
    var name: String
    private var words: [String]
    private var rulesPath: String?

    /// Words after the program's name, `--rules FILE` among them.
    init(name: String, words: [String]) {
        self.name = name
        self.words = []
        rulesPath = ProcessInfo.processInfo.environment["WEFT_RULES"]
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--rules", let path = rest.popFirst() {
                rulesPath = path
            } else if word.hasPrefix("--rules=") {
                rulesPath = String(word.dropFirst("--rules=".count))
            } else {
                self.words.append(word)
            }
        }
    }

    /// The program that the command was called as, if it is this one.
    init?(commandLine: [String]) {
        let called = commandLine.first.map { URL(fileURLWithPath: $0).lastPathComponent }
        if called == "ipvsadm" {
            self.init(name: "ipvsadm", words: Array(commandLine.dropFirst()))
        } else if commandLine.dropFirst().first == "ipvsadm" {
            self.init(name: "weft ipvsadm", words: Array(commandLine.dropFirst(2)))
        } else {
            return nil
        }
    }

    /// Runs it; the exit code.
    func run() -> Int32 {
        do throws(IpvsadmError) {
            let command = try IpvsadmCommand(words, program: name, names: IpvsOptions.names)
            let outcome = try perform(command)
            if !outcome.output.isEmpty { print(outcome.output, terminator: "") }
            if !outcome.message.isEmpty { Message.put(outcome.message) }
            return outcome.exitCode
        } catch {
            Message.put(error.message + "\n")
            return error.exitCode
        }
    }

    private func perform(
        _ command: IpvsadmCommand
    ) throws(IpvsadmError) -> IpvsadmSession.Outcome {
        switch command {
        case .help, .version:
            var session = session(DirectorRules(key: HashKey(k0: 0, k1: 0)))
            return session.run(words)
        case .list, .save:
            var session = session(try RulesStore(path: path).rules())
            return session.run(words)
        default:
            let store = try RulesStore(path: path)
            let lock = try store.lock()
            var session = session(try store.rules())
            let outcome = session.run(words, input: Self.standardInput)
            if outcome.hasChangedRules { try store.write(session.rules) }
            lock.release()
            return outcome
        }
    }

    private func session(_ rules: DirectorRules) -> IpvsadmSession {
        IpvsadmSession(rules, names: IpvsOptions.names, program: name)
    }

    private var path: String {
        get throws(IpvsadmError) {
            guard let rulesPath, !rulesPath.isEmpty else {
                throw IpvsadmError(
                    "\(name): which rules? --rules FILE or WEFT_RULES names the file", exitCode: 2)
            }
            return rulesPath
        }
    }

    private static func standardInput() -> String {
        let data = (try? FileHandle.standardInput.readToEnd()) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }
}
