// Writes block-style YAML line by line. Strings are quoted unless they are words that no reader
// takes for anything else, and dollar signs are doubled, so that what is written reads back as
// itself through interpolation too.

struct YAMLWriter {
    private(set) var text = ""

    /// `key:` alone, for a mapping or list that follows one level deeper.
    mutating func open(_ depth: Int, _ key: String) {
        line(depth, "\(Self.quoted(key)):")
    }

    mutating func put(_ depth: Int, _ key: String, _ value: String) {
        line(depth, "\(Self.quoted(key)): \(Self.quoted(value))")
    }

    mutating func put(_ depth: Int, _ key: String, _ value: Int) {
        line(depth, "\(Self.quoted(key)): \(value)")
    }

    mutating func put(_ depth: Int, _ key: String, _ value: Bool) {
        line(depth, "\(Self.quoted(key)): \(value)")
    }

    /// A list on one line.
    mutating func put(_ depth: Int, _ key: String, _ values: [String]) {
        let items = values.map(Self.quoted).joined(separator: ", ")
        line(depth, "\(Self.quoted(key)): [\(items)]")
    }

    /// A list item that is a mapping: its first pair; the rest goes one level deeper.
    mutating func item(_ depth: Int, _ key: String, _ value: String) {
        line(depth, "- \(Self.quoted(key)): \(Self.quoted(value))")
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

    static func quoted(_ text: String) -> String {
        if isPlain(text) { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "$": result += "$$"
            case _
            where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
                || scalar.value == 0xfeff || scalar.value == 0x2028 || scalar.value == 0x2029:
                result += escaped(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }
}
