// The source tree as the rules see it: every Swift file of Sources and Tests, found from where this
// file lies, with its text and its code. Files come sorted by path, so findings do too.

import Foundation

struct SourceFile {
    /// From the top of the package, as in `Sources/Wire/TCP.swift`.
    let path: String
    let text: String
    /// `text` without comments and the inside of strings, line for line.
    let code: [[UInt8]]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = CodeMask.code(of: text).split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).map(Array.init)
    }

    /// The target a source file belongs to; nil outside Sources.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
}

/// What a rule found wrong, and where.
struct Finding: CustomStringConvertible {
    var path: String
    var line: Int
    var problem: String

    var description: String { "\(path):\(line): \(problem)" }
}

enum SourceTree {
    /// The directory of Package.swift.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let swiftFiles = files(under: ["Sources", "Tests"])

    /// A file's text, by its path from the top.
    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func files(under directories: [String]) -> [SourceFile] {
        directories.flatMap { directory in
            let names = FileManager.default.enumerator(
                atPath: root.appending(path: directory).path())
            return (names?.allObjects as? [String] ?? [])
                .filter { $0.hasSuffix(".swift") }
                .map { "\(directory)/\($0)" }
        }.sorted().compactMap { path in
            (try? text(path)).map { SourceFile(path: path, text: $0) }
        }
    }
}
