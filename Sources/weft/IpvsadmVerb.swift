// `weft ipvsadm`, and Weft called by the name ipvsadm: that program's grammar, messages and exit codes,
// on a rules file instead of the kernel. The file is named by `--rules FILE` or by WEFT_RULES; one that
// does not exist yet is an empty table.
//
// Called ipvsadm-save or ipvsadm-restore, it is what ipvsadm comes with under these names: `-S`, and `-C`
// and `-R` in one.
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
    private let part: Part

    /// The names that the program and its two scripts have.
    private enum Part: String {
        case ipvsadm
        case save = "ipvsadm-save"
        case restore = "ipvsadm-restore"
    }

    /// Words after the program's name, `--rules FILE` among them.
    init(name: String, words: [String]) { self.init(name: name, .ipvsadm, words: words) }

    private init(name: String, _ part: Part, words: [String]) {
        self.name = name
        self.part = part
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
        if let part = called.flatMap(Part.init(rawValue:)) {
            self.init(name: part.rawValue, part, words: Array(commandLine.dropFirst()))
        } else if commandLine.dropFirst().first == "ipvsadm" {
            self.init(name: "weft ipvsadm", words: Array(commandLine.dropFirst(2)))
        } else {
            return nil
        }
    }

    /// Runs it; the exit code.
    func run() -> Int32 {
        do throws(IpvsadmError) {
            let outcome = try perform()
            do throws(ExitCode) { try Output.put(outcome.output) } catch { return error.rawValue }
            if !outcome.message.isEmpty { Message.put(outcome.message) }
            return outcome.exitCode
        } catch {
            Message.put(error.message + "\n")
            return error.exitCode
        }
    }

    private func perform() throws(IpvsadmError) -> IpvsadmSession.Outcome {
        switch part {
        case .ipvsadm: return try perform(words)
        case .save:
            if words.contains(where: { $0.hasPrefix("-") && $0 != "-n" }) {
                throw usage(
                    "Script to save the IPVS table to stdout.",
                    "With the -n option, prints out the table in numeric format.")
            }
            return try perform(words.contains("-n") ? ["-S", "-n"] : ["-S"])
        case .restore:
            if words.contains(where: { $0.hasPrefix("-") }) {
                throw usage(
                    "Script to restore the IPVS table from stdin.",
                    "The table that was there is cleared first.")
            }
            return try restore()
        }
    }

    /// Which options a script takes, as the original of ipvsadm-save says it.
    private func usage(_ purpose: String, _ rest: String) -> IpvsadmError {
        IpvsadmError("\(name): \(purpose)\n   \(rest)", exitCode: 1)
    }

    /// The original clears the table before it reads a line, and is left with half of it by a wrong one.
    private func restore() throws(IpvsadmError) -> IpvsadmSession.Outcome {
        let text = try Self.standardInput()
        return try change { session in
            let cleared = session.run(["-C"])
            return cleared.exitCode == 0 ? session.run(["-R"], input: { text }) : cleared
        }
    }

    private func perform(_ words: [String]) throws(IpvsadmError) -> IpvsadmSession.Outcome {
        switch try IpvsadmCommand(words, program: name, names: IpvsOptions.names) {
        case .help, .version:
            var session = session(DirectorRules(key: HashKey(k0: 0, k1: 0)))
            return session.run(words)
        case .list, .save:
            var session = session(try rules())
            return session.run(words)
        case .restore:
            let text = try Self.standardInput()
            return try change { $0.run(words, input: { text }) }
        default: return try change { $0.run(words) }
        }
    }

    private func rules() throws(IpvsadmError) -> DirectorRules {
        guard try path == "-" else { return try RulesStore(path: path).rules() }
        return try RulesStore.rules(in: try Self.standardInput(), file: "<stdin>")
    }

    /// Runs what changes rules on the file, which waits for others that do.
    private func change(
        _ body: (inout IpvsadmSession) -> IpvsadmSession.Outcome
    ) throws(IpvsadmError) -> IpvsadmSession.Outcome {
        guard try path != "-" else {
            throw IpvsadmError(
                "\(name): --rules -: rules on standard input can be shown, not changed",
                exitCode: 2)
        }
        let store = try RulesStore(path: path)
        let lock = try store.lock()
        var session = session(try store.rules())
        let outcome = body(&session)
        if outcome.hasChangedRules { try store.write(session.rules) }
        lock.release()
        return outcome
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

    private static func standardInput() throws(IpvsadmError) -> String {
        guard let bytes = TextInput.bytes(of: "-") else {
            throw IpvsadmError("<stdin>: \(Message.systemError)", exitCode: 2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
