// Writes block-style YAML line by line. Strings are quoted unless they are words that no reader
// takes for anything else, and dollar signs of values are doubled, so that what is written reads back
// as itself through interpolation too, which leaves keys alone.

struct YAMLWriter {
    private(set) var text = ""

    /// `key:` alone, for a mapping or list that follows one level deeper.
    mutating func open(_ depth: Int, _ key: String) {
        line(depth, "\(Self.quotedKey(key)):")
    }

    mutating func put(_ depth: Int, _ key: String, _ value: String) {
        line(depth, "\(Self.quotedKey(key)): \(Self.quoted(value))")
    }

    mutating func put(_ depth: Int, _ key: String, _ value: Int) {
        line(depth, "\(Self.quotedKey(key)): \(value)")
    }

    mutating func put(_ depth: Int, _ key: String, _ value: Bool) {
        line(depth, "\(Self.quotedKey(key)): \(value)")
    }

    /// A list on one line.
    mutating func put(_ depth: Int, _ key: String, _ values: [String]) {
        let items = values.map { Self.quoted($0) }.joined(separator: ", ")
        line(depth, "\(Self.quotedKey(key)): [\(items)]")
    }

    /// A list item that is a mapping: its first pair; the rest goes one level deeper.
    mutating func item(_ depth: Int, _ key: String, _ value: String) {
        line(depth, "- \(Self.quotedKey(key)): \(Self.quoted(value))")
    }

    private mutating func line(_ depth: Int, _ content: String) {
        text += String(repeating: " ", count: depth * 2) + content + "\n"
    }

    /// Letters, digits and a few signs, starting with a letter, and not a YAML 1.1 word.
    private static func isPlain(_ text: String) -> Bool {
        let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        guard let first = text.utf8.first, isLetter(first), !words.contains(text.lowercased())
        else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            isLetter(byte) || (0x30...0x39).contains(byte) || [0x2d, 0x2e, 0x5f].contains(byte)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte | 0x20)
    }

    private static func quotedKey(_ text: String) -> String { quoted(text, dollar: "$") }

    static func quoted(_ text: String, dollar: String = "$$") -> String {
        if isPlain(text) { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "$": result += dollar
            case _ where isEscaped(scalar.value): result += escaped(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Control characters, line and paragraph separator, the byte order mark, and the two that are
    /// no characters: what YAML does not allow as they are, or takes for the end of a line.
    private static func isEscaped(_ value: UInt32) -> Bool {
        value < 0x20 || (0x7f...0x9f).contains(value) || [0x2028, 0x2029].contains(value)
            || [0xfeff, 0xfffe, 0xffff].contains(value)
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }
}
