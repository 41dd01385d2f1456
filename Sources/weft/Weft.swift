// The command. Each verb is a file; this one lists them.
// Invariant: arguments are parsed and output is printed in this directory and nowhere below it.

import ArgumentParser

@main
struct Weft: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weft",
        abstract: "A routing mesh load balancer: replay traffic through a described mesh.",
        version: "0.1.0",
        subcommands: [
            ReplayVerb.self, ExplainVerb.self, ConfigVerb.self, PcapVerb.self, Generate.self,
            BenchVerb.self,
        ])
}
