// How long each function is, from the line that declares it to the brace that closes it.
//
// Not a parser: a declaring word, then the first brace outside parentheses. Enough for functions,
// initializers, subscripts and computed properties, whose accessors lie inside them.

struct FunctionScan {
    struct Function: Equatable {
        var name: String
        var line: Int
        var lineCount: Int
    }

    private(set) var functions: [Function] = []
    /// Of each open brace: the function it opened, if any.
    private var open: [(name: String, line: Int)?] = []
    private var declared: (name: String, line: Int, isUnnamed: Bool)?
    private var parenthesisDepth = 0
    private var previous: [UInt8] = []

    private static let declaring: Set = ["func", "init", "deinit", "subscript", "var"]
    private static let otherwise: Set = [
        "let", "struct", "enum", "extension", "protocol", "class", "actor", "case", "import",
        "typealias", "associatedtype",
    ]

    init(_ file: SourceFile) {
        for (index, line) in file.code.enumerated() {
            for token in Self.tokens(of: line) {
                read(token, line: index + 1)
                previous = Array(token)
            }
        }
    }

    private mutating func read(_ token: ArraySlice<UInt8>, line: Int) {
        switch token {
        case [UInt8(ascii: "(")]: parenthesisDepth += 1
        case [UInt8(ascii: ")")]: parenthesisDepth -= 1
        case [UInt8(ascii: "{")]:
            // A closure among a call's arguments opens nobody's body.
            open.append(parenthesisDepth == 0 ? declared.map { ($0.name, $0.line) } : nil)
            if parenthesisDepth == 0 { declared = nil }
        case [UInt8(ascii: "}")]:
            if parenthesisDepth == 0 { declared = nil }
            guard let function = open.popLast() ?? nil else { return }
            functions.append(
                Function(
                    name: function.name, line: function.line, lineCount: line - function.line + 1))
        default: readWord(String(decoding: token, as: UTF8.self), line: line)
        }
    }

    private mutating func readWord(_ word: String, line: Int) {
        guard parenthesisDepth == 0, previous != [UInt8(ascii: ".")] else { return }
        if Self.declaring.contains(word) {
            declared = (word, line, word == "func" || word == "var")
        } else if Self.otherwise.contains(word) {
            declared = nil
        } else if declared?.isUnnamed == true {
            declared?.name = word
            declared?.isUnnamed = false
        }
    }

    /// Words, and every other byte but the space on its own.
    private static func tokens(of line: [UInt8]) -> [ArraySlice<UInt8>] {
        var tokens: [ArraySlice<UInt8>] = []
        var index = 0
        while index < line.count {
            let start = index
            while index < line.count, line[index].isWordByte { index += 1 }
            if index == start { index += 1 }
            if line[start] != UInt8(ascii: " ") { tokens.append(line[start..<index]) }
        }
        return tokens
    }
}

extension UInt8 {
    /// Part of an identifier, or of a character beyond ASCII.
    var isWordByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
