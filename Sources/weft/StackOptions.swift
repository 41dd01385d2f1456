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
            "Compose file that describes the mesh; - for standard input.", valueName: "file"))
    var composeFile: String

    @Option(help: "Number of nodes, whatever the file says; those it describes come first.")
    var nodes: Int?

    @Option(help: "Name of the stack, before the names of its services.")
    var stackName: String?

    /// Loads and assembles the mesh. Warnings go to standard error.
    func cluster() throws -> Cluster {
        let text = try Self.text(of: composeFile)
        let name = composeFile == "-" ? "<stdin>" : composeFile
        let options = ComposeOptions(
            stack: stackName ?? defaultStackName, nodeCount: nodes,
            environment: ProcessInfo.processInfo.environment)
        do throws(ComposeError) {
            let loaded = try ComposeLoader.load(text, file: name, options: options)
            for warning in loaded.warnings { Message.write("\(warning)") }
            if let line = loaded.unsupportedOptionsLine { Message.write(line) }
            return try loaded.assemble()
        } catch {
            throw Message.fail(error, Exit.badInput)
        }
    }

    /// The file's name without its ending, as a stack would be called after it.
    private var defaultStackName: String? {
        guard composeFile != "-" else { return nil }
        let name = URL(fileURLWithPath: composeFile).deletingPathExtension().lastPathComponent
        return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            ? name : nil
    }

    /// All of a file as text, or the reason why not.
    private static func text(of path: String) throws -> String {
        let data: Data?
        if path == "-" {
            data = FileHandle.standardInput.readDataToEndOfFile()
        } else {
            data = FileManager.default.contents(atPath: path)
        }
        guard let data else {
            Message.write("\(path): cannot be read: \(unsafe String(cString: strerror(errno)))")
            throw Exit.noInput
        }
        guard let text = String(data: data, encoding: .utf8) else {
            Message.write("\(path): not UTF-8 text")
            throw Exit.badInput
        }
        return text
    }
}
