// A flow as people write it: `tcp 203.0.113.7:40000 -> node2:8080`.
//
//     flow     = protocol end [ arrow ] end
//     protocol = "tcp" | "udp" | "sctp"
//     arrow    = "->" | "→" | "to"
//     end      = host ":" port
//     host     = IPv4 address | "[" IPv6 address "]" | name
//
// Names are not looked up here. Invariant: every error names the column where reading stopped;
// columns start at 1 and count Unicode scalars, as those of configuration files do.

import Wire

/// One end of a flow: an address or a name, and a port.
public struct FlowEnd: Equatable, Sendable {
    public enum Host: Equatable, Sendable {
        case address(IPAddress)
        case name(String)
    }

    public var host: Host
    public var port: Port
    /// Where it stands in the text.
    public var column: Int
}

/// What was written, understood but not looked up.
public struct FlowText: Equatable, Sendable {
    public var proto: IPProtocol
    public var source: FlowEnd
    public var destination: FlowEnd
}

/// What is wrong with the text of a flow.
public struct FlowError: Error, Equatable, CustomStringConvertible {
    public let text: String
    public let column: Int
    public let reason: String

    /// The reason, the text, and a mark under the column.
    public var description: String {
        let mark = String(repeating: " ", count: column - 1) + "^"
        return "flow, column \(column): \(reason)\n  \(text)\n  \(mark)"
    }
}

extension FlowText {
    /// Reads a flow. A text longer than any flow is refused before it is looked at.
    public init(_ text: String) throws(FlowError) {
        var reader = FlowReader(text)
        try reader.checkLength()
        let proto = try reader.proto()
        let source = try reader.end("the client's ADDRESS:PORT, or TASK:PORT")
        reader.skipArrow()
        let destination = try reader.end("the destination's HOST:PORT")
        try reader.finish()
        self.init(proto: proto, source: source, destination: destination)
    }
}

private struct FlowReader {
    /// Two names of the longest kind and everything else fit many times over.
    private static let scalarCountMax = 1_024

    private let text: String
    private let scalars: [Unicode.Scalar]
    private var index = 0

    init(_ text: String) {
        self.text = text
        scalars = Array(text.unicodeScalars.prefix(Self.scalarCountMax + 1))
    }

    func checkLength() throws(FlowError) {
        guard scalars.count <= Self.scalarCountMax else {
            throw FlowError(
                text: String(text.prefix(40)) + "...", column: 1,
                reason: "longer than \(Self.scalarCountMax) characters")
        }
    }

    mutating func proto() throws(FlowError) -> IPProtocol {
        skipSpace()
        let start = index
        switch word() {
        case "tcp": return .tcp
        case "udp": return .udp
        case "sctp": return .sctp
        case "": throw fail(start, "expected tcp, udp or sctp")
        case let word: throw fail(start, "expected tcp, udp or sctp, not '\(word)'")
        }
    }

    mutating func skipArrow() {
        skipSpace()
        let start = index
        if next("→") || next("-") && next(">") { return }
        index = start
        // "to" is an arrow as a word of its own; `to:80` is a host.
        if word() != "to" || !isSpace { index = start }
    }

    mutating func end(_ expected: String) throws(FlowError) -> FlowEnd {
        skipSpace()
        let start = index
        guard index < scalars.count else { throw fail(start, "expected \(expected)") }
        let host = try host(expected)
        guard next(":") else {
            throw fail(index, "expected ':' and a port after '\(string(start..<index))'")
        }
        let portStart = index
        let digits = word()
        guard let port = Port(digits), port.rawValue > 0 else {
            throw fail(portStart, "'\(digits)' is no port; ports are 1 to 65535")
        }
        return FlowEnd(host: host, port: port, column: start + 1)
    }

    mutating func finish() throws(FlowError) {
        skipSpace()
        guard index == scalars.count else { throw fail(index, "nothing may follow the flow") }
    }

    private mutating func host(_ expected: String) throws(FlowError) -> FlowEnd.Host {
        let start = index
        guard next("[") else {
            let name = word()
            guard !name.isEmpty else { throw fail(start, "expected \(expected)") }
            if let address = IPv4Address(name) { return .address(.v4(address)) }
            if isIPv6(from: start) {
                throw fail(start, "an IPv6 address is written in brackets, [ADDRESS]:PORT")
            }
            // All digits and dots, yet no address: a slip of the finger and no name.
            guard name.contains(where: { !("0"..."9").contains($0) && $0 != "." }) else {
                throw fail(start, "'\(name)' is no IPv4 address")
            }
            return .name(name)
        }
        let inner = index
        while index < scalars.count, scalars[index] != "]" { index += 1 }
        let text = string(inner..<index)
        guard next("]") else { throw fail(start, "this bracket is never closed") }
        guard let address = IPv6Address(text) else {
            throw fail(inner, "'\(text)' is no IPv6 address")
        }
        return .address(.v6(address))
    }

    /// Whether the word that starts here is an IPv6 address without brackets.
    private func isIPv6(from start: Int) -> Bool {
        let end = scalars[start...].firstIndex { $0.properties.isWhitespace } ?? scalars.count
        return scalars[start..<end].filter { $0 == ":" }.count > 1
    }

    /// Everything up to a space, an arrow, a colon or a bracket.
    private mutating func word() -> String {
        let start = index
        while index < scalars.count, !isSpace, !isArrow,
            !":[]".unicodeScalars.contains(scalars[index])
        {
            index += 1
        }
        return string(start..<index)
    }

    private var isSpace: Bool {
        index < scalars.count && scalars[index].properties.isWhitespace
    }

    private var isArrow: Bool {
        scalars[index] == "→"
            || scalars[index] == "-" && index + 1 < scalars.count && scalars[index + 1] == ">"
    }

    private mutating func next(_ scalar: Unicode.Scalar) -> Bool {
        guard index < scalars.count, scalars[index] == scalar else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while isSpace { index += 1 }
    }

    private func string(_ range: Range<Int>) -> String {
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars[range])
        return String(result)
    }

    private func fail(_ index: Int, _ reason: String) -> FlowError {
        FlowError(text: text, column: index + 1, reason: reason)
    }
}
