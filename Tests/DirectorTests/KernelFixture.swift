// What a Linux kernel answered in one scenario, as `Tests/Oracle/record` wrote it (Tests/Oracle/README.md
// describes the format). Invariant: every line of the file is a step or belongs to one; a line that is
// neither is an error, never passed over.

import Wire

/// One scenario: the steps and, after each, what the kernel answered.
struct KernelFixture {
    enum Side: String {
        case client, server
    }

    struct Packet: Equatable {
        var side: Side
        var bytes: [UInt8]
    }

    enum Action {
        case sysctl(name: String, value: String)
        case mtu(Side, Int)
        /// With the message lines, if the kernel refused it.
        case ipvsadm([String], refusal: [String]?)
        case mark(proto: String, address: String, port: UInt16, mark: UInt32)
        case wait(seconds: Double)
        case inject(Packet)
        /// With what ipvsadm printed.
        case list([String], output: [String])
    }

    struct Step {
        var line: Int
        var action: Action
        /// What the director sent out, in order.
        var answers: [Packet] = []
    }

    struct Malformed: Error {
        var line: Int
        var text: String
    }

    var title = ""
    var steps: [Step] = []

    init(_ text: String) throws {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty && !line.hasPrefix("#") {
            guard read(line, number: index + 1) else {
                throw Malformed(line: index + 1, text: String(line))
            }
        }
    }

    private mutating func read(_ line: Substring, number: Int) -> Bool {
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count > 1 ? String(parts[1]) : ""
        let words = rest.split(separator: " ").map(String.init)
        switch parts[0] {
        case "title": title = rest
        case "|": return append(rest)
        case "<":
            guard let packet = Self.packet(words), !steps.isEmpty else { return false }
            steps[steps.count - 1].answers.append(packet)
        default:
            guard let action = Self.action(String(parts[0]), words) else { return false }
            steps.append(Step(line: number, action: action))
        }
        return true
    }

    private static func action(_ name: String, _ words: [String]) -> Action? {
        switch (name, words.count) {
        case ("sysctl", 2...):
            return .sysctl(name: words[0], value: words.dropFirst().joined(separator: " "))
        case ("mtu", 2):
            guard let side = Side(rawValue: words[0]), let mtu = Int(words[1]) else { return nil }
            return .mtu(side, mtu)
        case ("ipvsadm", _): return .ipvsadm(words, refusal: nil)
        case ("ipvsadm!", _): return .ipvsadm(words, refusal: [])
        case ("mark", 4):
            guard let port = UInt16(words[2]), let mark = UInt32(words[3]) else { return nil }
            return .mark(proto: words[0], address: words[1], port: port, mark: mark)
        case ("wait", 1): return Double(words[0]).map { .wait(seconds: $0) }
        case (">", _): return packet(words).map { .inject($0) }
        case ("list", _): return .list(words, output: [])
        default: return nil
        }
    }

    /// A line of output, of the step before it.
    private mutating func append(_ text: String) -> Bool {
        guard let last = steps.indices.last else { return false }
        switch steps[last].action {
        case .list(let words, let output): steps[last].action = .list(words, output: output + [text])
        case .ipvsadm(let words, let refusal?):
            steps[last].action = .ipvsadm(words, refusal: refusal + [text])
        default: return false
        }
        return true
    }

    private static func packet(_ words: [String]) -> Packet? {
        guard words.count == 2, let side = Side(rawValue: words[0]),
            let bytes = bytes(hex: words[1])
        else { return nil }
        return Packet(side: side, bytes: bytes)
    }

    private static func bytes(hex text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { digit -> UInt8? in
            switch digit {
            case 0x30...0x39: digit - 0x30
            case 0x61...0x66: digit - 0x57
            default: nil
            }
        }
        guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
