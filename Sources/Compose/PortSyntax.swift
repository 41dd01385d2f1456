// The short syntax of published ports: `[[address:]published:]target[/protocol]`.
//
// Ranges pair off (`8000-8002:9000-9002`), several published ports may share one target
// (`8000-8002:80`), and a target alone gets its published port from the dynamic range, as does
// `0:80`. Invariant: every port in the result is 1 to 65535.

import Mesh
import Wire

enum PortSyntax {
    /// What one entry stands for, with the address that a mesh cannot honour.
    struct Result: Equatable {
        var ports: [PortSpecification]
        var address: String?
    }

    enum Problem: Error, Equatable, CustomStringConvertible {
        case noPort(String)
        case invalidProtocol(String)
        case invalidPublished(String)
        case invalidTarget(String)
        case invalidAddress(String)
        case unequalRanges(target: String, published: String)

        var description: String {
            switch self {
            case .noPort(let text): "no port specified: '\(text)'"
            case .invalidProtocol(let text): "invalid protocol: '\(text)'"
            case .invalidPublished(let text): "invalid published port: '\(text)'"
            case .invalidTarget(let text): "invalid target port: '\(text)'"
            case .invalidAddress(let text): "invalid IP address: '\(text)'"
            case .unequalRanges(let target, let published):
                "invalid ranges specified for target and published ports: \(target) and \(published)"
            }
        }
    }

    static func parse(_ text: String) throws(Problem) -> Result {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = halves.count > 1 ? halves[1].lowercased() : "tcp"
        guard let proto = IPProtocol(publishedName: name) else { throw .invalidProtocol(name) }
        let parts = splitFromRight(halves[0])
        guard !parts.target.isEmpty else { throw .noPort(text) }
        guard let targets = range(parts.target, least: 1) else {
            throw .invalidTarget(parts.target)
        }
        if let address = parts.address, IPAddress(address) == nil {
            throw .invalidAddress(address)
        }
        let pairs = try pair(targets, parts)
        let ports = pairs.map { published, target in
            PortSpecification(published: published, target: Port(target), proto: proto)
        }
        return Result(ports: ports, address: parts.address)
    }

    private typealias Parts = (address: String?, published: String?, target: String)

    /// The target is after the last colon, the published port before it, an address before that,
    /// in brackets when it is IPv6.
    private static func splitFromRight(_ text: Substring) -> Parts {
        guard let last = text.lastIndex(of: ":") else { return (nil, nil, String(text)) }
        let target = String(text[text.index(after: last)...])
        let rest = text[..<last]
        guard let colon = rest.lastIndex(of: ":") else { return (nil, String(rest), target) }
        var address = rest[..<colon]
        if address.hasPrefix("["), address.hasSuffix("]") {
            address = address.dropFirst().dropLast()
        }
        return (String(address), String(rest[rest.index(after: colon)...]), target)
    }

    private static func pair(
        _ targets: ClosedRange<UInt16>, _ parts: Parts
    ) throws(Problem) -> [(Port?, UInt16)] {
        guard let text = parts.published, !text.isEmpty, text != "0" else {
            return targets.map { (nil, $0) }
        }
        guard let published = range(text, least: 1) else { throw .invalidPublished(text) }
        if targets.count == 1 { return published.map { (Port($0), targets.lowerBound) } }
        guard targets.count == published.count else {
            throw .unequalRanges(target: parts.target, published: text)
        }
        return zip(published, targets).map { (Port($0), $1) }
    }

    /// `80` or `80-90`, ascending.
    private static func range(_ text: String, least: Int) -> ClosedRange<UInt16>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let first = port(ends[0], least) else { return nil }
        guard ends.count == 2 else { return first...first }
        guard let last = port(ends[1], least), first <= last else { return nil }
        return first...last
    }

    private static func port(_ text: Substring, _ least: Int) -> UInt16? {
        Decimal.parse(text, max: 65_535).flatMap { $0 >= least ? UInt16($0) : nil }
    }
}
