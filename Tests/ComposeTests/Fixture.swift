// What the tests of this target share: the bundled stack, and loading in one word.
// The stack is a file beside the tests, so that a place in an error can be looked up in it.

import Compose
import Foundation
import Mesh
import Wire

enum Fixture {
    /// The voting application beside this file.
    static func vote() throws -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return try String(
            contentsOf: folder.appendingPathComponent("Fixtures/vote.yml"), encoding: .utf8)
    }

    /// The stacks bundled for benchmarks, by file name.
    static func bundledStacks() throws -> [(name: String, text: String)] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appendingPathComponent("bench-data/stacks")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return try names.filter { $0.hasSuffix(".yml") }.sorted().map { name in
            (name, try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8))
        }
    }
}

func load(
    _ text: String, nodes: Int? = nil, _ environment: [String: String] = [:]
) throws(ComposeError) -> LoadedStack {
    try ComposeLoader.load(
        text, file: "stack.yml",
        options: ComposeOptions(stack: "demo", nodeCount: nodes, environment: environment))
}

/// The complaints about a text, also those that come when it is assembled; empty when it is fine.
func complaints(_ text: String, _ environment: [String: String] = [:]) -> [String] {
    do throws(ComposeError) {
        _ = try load(text, environment).assemble()
        return []
    } catch {
        return error.diagnostics.map(\.description)
    }
}
