// A look at the text before it is parsed, for the one thing that cannot be bounded afterwards.
//
// The parser hashes the keys of every mapping to find duplicates, and the hash of a key that is a
// list of aliases of lists of aliases takes exponential time. Compose has no use for such keys, so
// a text that has many aliases and something that looks like one is refused. Text in quotes is
// passed over. Invariant: linear in the text.

enum AliasScan {
    /// Whether the text has both many aliases and a key that is not a plain string.
    static func mayExplode(_ text: String) -> Bool {
        var aliasCount = 0
        var hasComplexKey = false
        var quote: UInt8 = 0
        var last = UInt8(ascii: "\n")
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            defer { last = byte }
            if byte == UInt8(ascii: "\n") { quote = 0 }
            if quote != 0 {
                if byte == quote { quote = 0 }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if isOpening(last) { quote = byte }
            case UInt8(ascii: "*"): aliasCount += isOpening(last) ? 1 : 0
            case UInt8(ascii: "?"): if isOpening(last) { hasComplexKey = true }
            case UInt8(ascii: ":"):
                if endsComplexKey(bytes[..<index]) { hasComplexKey = true }
            default: break
            }
        }
        return hasComplexKey && aliasCount > ComposeLimits.aliasCountHarmless
    }

    /// Whether a token may start after `byte`.
    private static func isOpening(_ byte: UInt8) -> Bool {
        byte <= 0x20 || [0x2c, 0x3a, 0x5b, 0x7b, 0x2d, 0x3f].contains(byte)
    }

    /// Whether a colon here would end a flow list, a flow mapping or an alias.
    private static func endsComplexKey(_ before: ArraySlice<UInt8>) -> Bool {
        let word = before.suffix(64).reversed().drop { $0 == 0x20 || $0 == 0x09 }
        guard let first = word.first else { return false }
        if first == UInt8(ascii: "]") || first == UInt8(ascii: "}") { return true }
        let start = word.first { isOpening($0) || $0 == UInt8(ascii: "*") }
        return start == UInt8(ascii: "*")
    }
}
