// JSON as every verb prints it: indented, keys in order, so that two runs can be compared by diff.
// Invariant: the same value gives the same text.

import Foundation

enum JSON {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
