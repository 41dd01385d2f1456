// Swift source with comments and the inside of string literals turned to spaces, so that a rule can
// look for words and braces without a parser. Lines stay where they are. What stands in an
// interpolation is code and stays; regex literals are not known here and not used in this package.

struct CodeMask {
    private let input: [UInt8]
    private var output: [UInt8]
    private var index = 0

    static func code(of text: String) -> [UInt8] {
        var mask = CodeMask(text)
        mask.readCode(untilParenthesis: false)
        return mask.output
    }

    private init(_ text: String) {
        input = Array(text.utf8)
        output = input
    }

    private func starts(_ prefix: String) -> Bool {
        input[index...].starts(with: prefix.utf8)
    }

    /// Turns `count` bytes to spaces and moves past them.
    private mutating func blank(_ count: Int) {
        for _ in 0..<min(count, input.count - index) {
            if input[index] != UInt8(ascii: "\n") { output[index] = UInt8(ascii: " ") }
            index += 1
        }
    }

    /// Reads to the end, or to the parenthesis that closes an interpolation.
    private mutating func readCode(untilParenthesis: Bool) {
        var depth = 0
        while index < input.count {
            switch input[index] {
            case UInt8(ascii: "/") where starts("//"): readLineComment()
            case UInt8(ascii: "/") where starts("/*"): readBlockComment()
            case UInt8(ascii: "#"), UInt8(ascii: "\""):
                if let hashCount = stringHashCount() {
                    readString(hashCount: hashCount)
                } else {
                    index += 1
                }
            case UInt8(ascii: "("):
                depth += 1
                index += 1
            case UInt8(ascii: ")"):
                depth -= 1
                index += 1
                if untilParenthesis, depth == 0 { return }
            default: index += 1
            }
        }
    }

    private mutating func readLineComment() {
        while index < input.count, input[index] != UInt8(ascii: "\n") { blank(1) }
    }

    private mutating func readBlockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && index < input.count
    }

    /// How many number signs open the string literal that starts here; nil when none does.
    private func stringHashCount() -> Int? {
        var count = 0
        while index + count < input.count, input[index + count] == UInt8(ascii: "#") { count += 1 }
        let quote = index + count
        return quote < input.count && input[quote] == UInt8(ascii: "\"") ? count : nil
    }

    private mutating func readString(hashCount: Int) {
        let hashes = String(repeating: "#", count: hashCount)
        index += hashCount
        let quotes = starts("\"\"\"") ? "\"\"\"" : "\""
        index += quotes.utf8.count
        while index < input.count, !starts(quotes + hashes) {
            if starts("\\" + hashes + "(") {
                blank(1 + hashCount)
                readCode(untilParenthesis: true)
            } else {
                blank(starts("\\" + hashes) ? 2 + hashCount : 1)
            }
        }
        index = min(index + quotes.utf8.count + hashCount, input.count)
    }
}
