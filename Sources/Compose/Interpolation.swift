// `$VAR` and `${VAR...}` in values, by the rules of docker's stack loader.
//
// Forms: `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME-word}` (default), `${NAME:?word}` and
// `${NAME?word}` (required), `${NAME:+word}` and `${NAME+word}` (replacement), `$$` for a dollar
// sign. With a colon, empty counts as unset. Words are interpolated in turn. Any other use of `$`
// is an error.

/// What is wrong with a template.
enum InterpolationError: Error, Equatable {
    case invalid
    case missing(name: String, message: String)
    case tooLarge
}

struct Interpolation {
    private let bytes: [UInt8]
    private let environment: [String: String]
    private var position = 0
    /// Variables that were not set and had no default, in order of appearance.
    private(set) var unset: [String] = []

    init(_ text: String, _ environment: [String: String]) {
        bytes = Array(text.utf8)
        self.environment = environment
    }

    /// The text with every variable replaced.
    mutating func expand() throws(InterpolationError) -> String {
        String(decoding: try expand(untilBrace: false, depth: 0), as: UTF8.self)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func expand(
        untilBrace: Bool, depth: Int
    ) throws(InterpolationError) -> [UInt8] {
        guard depth < ComposeLimits.interpolationDepthMax else { throw .tooLarge }
        var result: [UInt8] = []
        while let byte = next {
            if untilBrace, byte == UInt8(ascii: "}") { return result }
            position += 1
            if byte == UInt8(ascii: "$") {
                result += try variable(depth: depth)
            } else {
                result.append(byte)
            }
            guard result.count <= ComposeLimits.scalarByteCountMax else { throw .tooLarge }
        }
        if untilBrace { throw .invalid }
        return result
    }

    /// What follows a dollar sign.
    private mutating func variable(depth: Int) throws(InterpolationError) -> [UInt8] {
        if take(UInt8(ascii: "$")) { return [UInt8(ascii: "$")] }
        guard take(UInt8(ascii: "{")) else { return value(of: try name()) }
        let name = try name()
        if take(UInt8(ascii: "}")) { return value(of: name) }
        let isEmptyUnset = take(UInt8(ascii: ":"))
        guard let operation = next else { throw .invalid }
        position += 1
        let unsetBefore = unset.count
        let word = try expand(untilBrace: true, depth: depth + 1)
        position += 1
        let current = environment[name]
        let isSet = current.map { !(isEmptyUnset && $0.isEmpty) } ?? false
        // A word that is not used complains of nothing.
        if operation == UInt8(ascii: "+") ? !isSet : isSet {
            unset.removeSubrange(unsetBefore...)
        }
        switch operation {
        case UInt8(ascii: "-"): return isSet ? Array((current ?? "").utf8) : word
        case UInt8(ascii: "+"): return isSet ? word : []
        case UInt8(ascii: "?"):
            if isSet { return Array((current ?? "").utf8) }
            throw .missing(name: name, message: String(decoding: word, as: UTF8.self))
        default: throw .invalid
        }
    }

    private mutating func name() throws(InterpolationError) -> String {
        let start = position
        while let byte = next, isNameByte(byte, isFirst: position == start) { position += 1 }
        guard position > start else { throw .invalid }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private func isNameByte(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case 0x41...0x5a, 0x61...0x7a, 0x5f: true
        case 0x30...0x39: !isFirst
        default: false
        }
    }

    private mutating func value(of name: String) -> [UInt8] {
        if let value = environment[name] { return Array(value.utf8) }
        unset.append(name)
        return []
    }
}
