// One rule of iptables as far as it can become marks: `-A PREROUTING [-p PROTOCOL] -d ADDRESS[/LENGTH]
// [--dport PORT[:PORT]] -j MARK --set-mark MARK`, also with `--dports` of the multiport match; or with
// `-I PREROUTING [NUMBER]`, which puts it before others.
//
// Invariant: what is not understood is refused, never passed over. Without a protocol a rule is one for
// each protocol that IPVS balances.

import Dataplane
import Wire

struct IptablesRule {
    var table: String?
    /// Which rule of its chain it is to be, counted from 1; nil for the last.
    private(set) var number: Int?
    private var chain = ""
    private var protos: [IPProtocol] = [.tcp, .udp, .sctp]
    private var target = ""
    private var destination: IPPrefix?
    /// Empty for every port.
    private var ports: [ClosedRange<UInt16>] = []
    private var mark: UInt32?
    /// The first thing that marks cannot say; it counts only if the rule does.
    private var obstacle: String?

    /// The words of a command, perhaps behind the program's name, or behind counters as `iptables-save -c`
    /// prints them.
    init(_ words: [String]) throws(SurroundingsError) {
        var rest = words[...]
        if let first = rest.first, first.hasPrefix("iptables") || first.hasPrefix("ip6tables") {
            rest.removeFirst()
        } else if let first = rest.first, first.hasPrefix("["), first.hasSuffix("]") {
            rest.removeFirst()
        }
        guard rest.contains(where: { ["-A", "--append", "-I", "--insert"].contains($0) }) else {
            throw SurroundingsError("`\(words.joined(separator: " "))' adds no rule")
        }
        while let word = rest.popFirst() {
            try read(word, &rest)
        }
    }

    private mutating func read(
        _ word: String, _ rest: inout ArraySlice<String>
    ) throws(SurroundingsError) {
        switch word {
        case "-A", "--append": chain = try Self.next(&rest, word)
        case "-I", "--insert":
            chain = try Self.next(&rest, word)
            number = 1
            if let place = rest.first.flatMap({ Int($0) }) {
                rest.removeFirst()
                guard place > 0 else { throw SurroundingsError("`\(place)' is no rule number") }
                number = place
            }
        case "-t", "--table": table = try Self.next(&rest, word)
        case "-j", "--jump": target = try Self.next(&rest, word)
        case "-m", "--match":
            let match = try Self.next(&rest, word)
            if !["tcp", "udp", "sctp", "multiport", "comment"].contains(match) {
                obstacle = obstacle ?? "-m \(match)"
            }
        case "--comment", "-w", "--wait": _ = try Self.next(&rest, word)
        case "-p", "--protocol":
            let name = try Self.next(&rest, word)
            guard let proto = IPProtocol(name) else {
                obstacle = obstacle ?? "-p \(name)"
                return
            }
            protos = [proto]
        case "-d", "--destination", "--dst":
            destination = try Self.prefix(try Self.next(&rest, word))
        case "--dport", "--destination-port", "--dports", "--destination-ports":
            ports = try Self.ports(try Self.next(&rest, word))
        case "--set-mark", "--set-xmark": try readMark(try Self.next(&rest, word))
        default: obstacle = obstacle ?? word
        }
    }

    private static func next(
        _ rest: inout ArraySlice<String>, _ word: String
    ) throws(SurroundingsError) -> String {
        guard let next = rest.popFirst() else {
            throw SurroundingsError("`\(word)' has no argument")
        }
        return next
    }

    private static func prefix(_ text: String) throws(SurroundingsError) -> IPPrefix {
        if let address = IPAddress(text), let prefix = IPPrefix(address, length: address.bitWidth) {
            return prefix
        }
        guard let prefix = IPPrefix(text) else {
            throw SurroundingsError("`\(text)' is no address")
        }
        return prefix.network
    }

    private static func ports(_ text: String) throws(SurroundingsError) -> [ClosedRange<UInt16>] {
        var ranges: [ClosedRange<UInt16>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: ":", omittingEmptySubsequences: false)
            guard let first = ends.first.flatMap({ Port($0) }), ends.count <= 2,
                let last = ends.last.flatMap({ Port($0) }), first <= last
            else { throw SurroundingsError("`\(text)' are no ports") }
            ranges.append(first.rawValue...last.rawValue)
        }
        return ranges
    }

    private mutating func readMark(_ text: String) throws(SurroundingsError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let value = MarkRule.mark(parts[0]) else {
            throw SurroundingsError("`\(text)' is no mark other than zero")
        }
        if parts.count > 1, MarkRule.mark(parts[1]) != .max {
            obstacle = obstacle ?? "a mark with a mask, \(text),"
        }
        mark = value
    }

    /// What the rule marks; empty when it is of another table or chain.
    func marks() throws(SurroundingsError) -> [MarkRule] {
        guard table == "mangle", chain == "PREROUTING" else { return [] }
        if let obstacle { throw SurroundingsError("`\(obstacle)' cannot be said as marks") }
        guard target == "MARK", let mark else {
            throw SurroundingsError("`-j \(target)' in PREROUTING cannot be said as marks")
        }
        guard let destination else {
            throw SurroundingsError("a mark without `-d' marks everything")
        }
        if ports.contains(where: { $0.contains(0) }) {
            throw SurroundingsError("port 0 cannot be said as a mark")
        }
        let ports = ports.isEmpty ? [0...0] : ports
        let addresses = try Self.addresses(in: destination)
        let count = addresses.count * protos.count * ports.reduce(0) { $0 + $1.count }
        guard count <= IptablesText.markCountMax else {
            throw SurroundingsError("the rule stands for \(count) marks, which are too many")
        }
        return addresses.flatMap { address in
            protos.flatMap { proto in
                ports.flatMap { range in
                    range.map {
                        MarkRule(proto: proto, address: address, port: Port($0), mark: mark)
                    }
                }
            }
        }
    }

    private static func addresses(in prefix: IPPrefix) throws(SurroundingsError) -> [IPAddress] {
        let hostBitCount = prefix.address.bitWidth - prefix.length
        guard hostBitCount <= 16 else {
            throw SurroundingsError("\(prefix) has too many addresses to mark one by one")
        }
        return (0..<UInt32(1) << UInt32(hostBitCount)).map { host in
            switch prefix.lowest {
            case .v4(let first): .v4(IPv4Address(rawValue: first.rawValue | host))
            case .v6(let first): .v6(IPv6Address(high: first.high, low: first.low | UInt64(host)))
            }
        }
    }
}
