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

    /// An ipvsadm has a grammar of its own.
    static func main() {
        if let program = IpvsadmProgram(commandLine: CommandLine.arguments) {
            Glibc.exit(program.run())
        }
        main(nil)
    }
}
