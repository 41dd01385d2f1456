// The options by which every verb that needs a mesh is told which: a Compose file, or several, and
// how many nodes.

import ArgumentParser
import Compose
import Foundation
import Mesh

struct StackOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .long],
        help: ArgumentHelp(
            "Compose file that describes the mesh; - for standard input. Several are merged.",
            valueName: "file"), completion: .file())
    var composeFile: [String]

    @Option(help: "Number of nodes, whatever the file says; those it describes come first.")
    var nodes: Int?

    @Option(help: "Name of the stack, before the names of its services.")
    var stackName: String?

    func validate() throws {
        if let nodes, !(1...MeshLimits.nodeCountMax).contains(nodes) {
            throw ValidationError("--nodes: must be 1 to \(MeshLimits.nodeCountMax)")
        }
    }

    /// Loads and assembles the mesh. Warnings go to standard error.
    func cluster() throws -> Cluster {
        let sources = try composeFile.map { path in
            ComposeSource(file: path == "-" ? "<stdin>" : path, text: try TextInput.text(of: path))
        }
        let options = ComposeOptions(
            stack: stackName, fallbackStack: fallbackStackName, nodeCount: nodes,
            environment: ProcessInfo.processInfo.environment)
        do throws(ComposeError) {
            let loaded = try ComposeLoader.load(sources, options: options)
            for warning in loaded.warnings { Message.write("\(warning)") }
            if let line = loaded.unsupportedOptionsLine { Message.write(line) }
            return try loaded.assemble()
        } catch {
            throw Message.fail(error, Exit.badInput)
        }
    }

    /// The first file's name without its ending, as a stack would be called after it.
    private var fallbackStackName: String {
        let path = composeFile.first ?? "-"
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        let isName = name.utf8.allSatisfy {
            ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39)
                || $0 == 0x2d || $0 == 0x5f
        }
        return path != "-" && isName && !name.isEmpty ? name : "stack"
    }
}
