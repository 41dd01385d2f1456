// The command. Each verb is a file; this one lists them.
// Invariant: arguments are parsed and output is printed in this directory and nowhere below it.

import ArgumentParser
import Glibc

@main
struct Weft: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weft",
        abstract: "A routing mesh load balancer: replay traffic through a described mesh.",
        version: "0.1.0",
        subcommands: [
            ReplayVerb.self, ExplainVerb.self, ConfigVerb.self, IpvsVerb.self, IpvsadmVerb.self,
            PcapVerb.self, Generate.self, BenchVerb.self,
        ])

    /// An ipvsadm has a grammar of its own; and `help` of what is not there is no success.
    static func main() {
        if let program = IpvsadmProgram(commandLine: CommandLine.arguments) {
            Glibc.exit(program.run())
        }
        let words = CommandLine.arguments.dropFirst()
        if words.first == "help", let word = firstUnknown(of: words.dropFirst()) {
            Message.write("help: no such subcommand '\(word)'")
            Glibc.exit(Exit.usage.rawValue)
        }
        main(nil)
    }

    /// The first word that does not name a subcommand of those before it.
    private static func firstUnknown(of words: ArraySlice<String>) -> String? {
        var command: any ParsableCommand.Type = Self.self
        for word in words where !word.hasPrefix("-") && word != "help" {
            let next = command.configuration.subcommands.first {
                $0.configuration.commandName == word
            }
            guard let next else { return word }
            command = next
        }
        return nil
    }
}
