// Marks from the text that iptables-save and ip6tables-save print: rules of chain PREROUTING of table
// mangle that end in `-j MARK`. Other tables and chains say nothing about a packet's mark when IPVS
// sees it, and are passed over; a rule of this chain that cannot be said as marks by protocol,
// address and port is an error, since leaving it out would be a different set of rules.

import Dataplane
import Wire

public enum IptablesText {
    /// Marks that one rule may stand for: a range of ports and a network are many.
    static let markCountMax = 65_536

    /// What is wrong, and in which line.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        public var file: String
        public var line: Int
        public var message: String
        public var description: String { "\(file):\(line): \(message)" }
    }

    /// The marks in order. Rules written as iptables commands are read too.
    public static func marks(in text: String, file: String) throws(Failure) -> [MarkRule] {
        var marks: [MarkRule] = []
        var table = "mangle"
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("*") { table = String(line.dropFirst()) }
            guard !line.hasPrefix("#"), !line.hasPrefix(":"), !line.hasPrefix("*") else { continue }
            do throws(SurroundingsError) {
                guard var rule = try IptablesRule(words(of: line)) else { continue }
                if rule.table == nil { rule.table = table }
                marks += try rule.marks()
                guard marks.count <= markCountMax else {
                    throw SurroundingsError("more than \(markCountMax) marks")
                }
            } catch {
                throw Failure(file: file, line: index + 1, message: error.message)
            }
        }
        return marks
    }

    /// Words as the program prints them: in double quotes where they have spaces.
    private static func words(of line: Substring) -> [String] {
        var words: [String] = []
        for (index, part) in line.split(separator: "\"", omittingEmptySubsequences: false)
            .enumerated()
        {
            if index % 2 == 1 {
                words.append(String(part))
            } else {
                words += part.split(whereSeparator: \.isWhitespace).map(String.init)
            }
        }
        return words
    }
}
