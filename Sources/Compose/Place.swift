// Where something was written, and what is to be said about it.
//
// Invariant: nothing this module reports is without a file, a line and a column.

/// A position in a configuration file; line and column start at 1, columns count Unicode scalars.
public struct Place: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}

/// One remark: `stack.yml:12:7: services.web.ports: must be a list`.
public struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
    public var place: Place
    /// The keys that lead to the place, joined by dots; empty for the file as a whole.
    public var path: String
    public var message: String

    public init(place: Place, path: String, message: String) {
        self.place = place
        self.path = path
        self.message = message
    }

    public var description: String {
        path.isEmpty ? "\(place): \(message)" : "\(place): \(path): \(message)"
    }

    /// A value in quotes as a message repeats it: not more than its beginning.
    static func quoted(_ text: String, by quote: String = "'") -> String {
        let countMax = ComposeLimits.quotedCharacterCountMax
        let start = text.unicodeScalars.prefix(countMax + 1)
        if start.count <= countMax { return quote + text + quote }
        return quote + String(String.UnicodeScalarView(start.dropLast())) + "..." + quote
    }
}

/// Everything that keeps a file from being loaded, in the order found; never empty.
public struct ComposeError: Error, Hashable, Sendable, CustomStringConvertible {
    public var diagnostics: [Diagnostic]
    /// What was remarked before: an unset variable is often the reason of an error.
    public var warnings: [Diagnostic] = []

    init(_ first: Diagnostic) { diagnostics = [first] }

    /// Nil when there is nothing to complain of.
    init?(_ diagnostics: [Diagnostic], warnings: [Diagnostic]) {
        if diagnostics.isEmpty { return nil }
        self.diagnostics = diagnostics
        self.warnings = warnings
    }

    /// The remarks first, then the errors, a line each.
    public var description: String {
        (warnings + diagnostics).map(\.description).joined(separator: "\n")
    }
}
