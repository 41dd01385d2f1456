// Marks from the text that iptables-save and ip6tables-save print: rules of chain PREROUTING of table
// mangle that end in `-j MARK`. Other tables and chains say nothing about a packet's mark when IPVS
// sees it, and are passed over; a rule of this chain that cannot be said as marks by protocol,
// address and port is an error, since leaving it out would be a different set of rules. So is a line
// that is neither a rule nor one of those which the programs print around rules.

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
        var rules: [Rule] = []
        var table = "mangle"
        var count = 0
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let words = words(of: line)
            guard let first = words.first, !first.hasPrefix("#"), first != "COMMIT" else {
                continue
            }
            if first.hasPrefix("*") { table = String(first.dropFirst()) }
            guard !first.hasPrefix(":"), !first.hasPrefix("*") else { continue }
            do throws(SurroundingsError) {
                var rule = try IptablesRule(words)
                if rule.table == nil { rule.table = table }
                let marks = try rule.marks()
                count += marks.count
                guard count <= markCountMax else {
                    throw SurroundingsError("more than \(markCountMax) marks")
                }
                if !marks.isEmpty { try add(Rule(marks: marks), as: rule.number, to: &rules) }
            } catch {
                throw Failure(file: file, line: index + 1, message: error.message)
            }
        }
        return rules.flatMap(\.marks)
    }

    /// A rule of one of the two families, which have a chain each.
    private struct Rule {
        let marks: [MarkRule]
        var isIPv6: Bool { marks.first?.address.bitWidth == 128 }
    }

    /// Adds a rule to the chain of its family, at the end or as the rule of that number.
    private static func add(
        _ rule: Rule, as number: Int?, to rules: inout [Rule]
    ) throws(SurroundingsError) {
        guard let number else { return rules.append(rule) }
        let chain = rules.indices.filter { rules[$0].isIPv6 == rule.isIPv6 }
        guard number <= chain.count + 1 else {
            throw SurroundingsError("no place \(number) in a chain of \(chain.count) rules")
        }
        rules.insert(rule, at: number <= chain.count ? chain[number - 1] : rules.count)
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
