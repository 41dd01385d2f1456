// `weft config`: the resolved mesh. What is printed is a Compose file that loads to the same mesh,
// with every address, port and place written out; `docker compose config` in spirit and flags.

import ArgumentParser
import Compose
import Mesh

struct ConfigVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check a stack and print the mesh it resolves to.")

    @OptionGroup var stack: StackOptions

    @Flag(help: "Print the names of the services only, one on each line.")
    var services = false

    @Flag(help: "Print the names of the networks only, one on each line; ingress is the first.")
    var networks = false

    @Flag(help: "Print the images of the services only, one on each line.")
    var images = false

    @Flag(name: [.customShort("q"), .long], help: "Only check the stack; print nothing.")
    var quiet = false

    @Flag(help: "JSON, schema weft.config/1.")
    var json = false

    mutating func validate() throws {
        if [services, networks, images, quiet, json].filter({ $0 }).count > 1 {
            let flags = "'--services', '--networks', '--images', '--quiet' and '--json'"
            throw ValidationError("\(flags) exclude each other.")
        }
    }

    mutating func run() throws {
        let cluster = try stack.cluster()
        if quiet { return }
        if services {
            try put(cluster.services.map(\.shortName))
        } else if networks {
            try put(cluster.networks.map(\.shortName))
        } else if images {
            try put(cluster.services.map(\.image).filter { !$0.isEmpty })
        } else if json {
            try Output.line(JSON.text(ClusterReport(cluster)))
        } else {
            try Output.put(ResolvedConfiguration.text(cluster))
        }
    }

    private func put(_ names: [String]) throws {
        try Output.put(names.map { $0 + "\n" }.joined())
    }
}
