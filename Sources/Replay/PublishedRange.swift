// Published ports as `docker service ls` writes them: `*:8080->80/tcp`, and consecutive ones as a range,
// `*:4000-4003->4000-4003/udp`. Ports published in host mode, which docker leaves out there, come last and
// without the star.
//
// The order and the rule of what forms a range are those of docker's cli/command/service/formatter.go:
// protocol by name, then published port; several published ports in a row may have one target.

import Mesh
import Wire

struct PublishedRange {
    private var published: ClosedRange<UInt16>
    private var target: ClosedRange<UInt16>
    private let proto: IPProtocol
    private let mode: PublishedPort.Mode

    private init(_ port: PublishedPort) {
        published = port.published.rawValue...port.published.rawValue
        target = port.target.rawValue...port.target.rawValue
        proto = port.proto
        mode = port.mode
    }

    static func ranges(of ports: [PublishedPort]) -> [PublishedRange] {
        var ranges: [PublishedRange] = []
        for port in ports.sorted(by: { key($0) < key($1) }) {
            if ranges.last?.isContinued(by: port) == true {
                ranges[ranges.count - 1].extend(by: port)
            } else {
                ranges.append(PublishedRange(port))
            }
        }
        return ranges
    }

    var text: String {
        let star = mode == .ingress ? "*:" : ""
        let name = proto.publishedName ?? ""
        return "\(star)\(Self.text(published))->\(Self.text(target))/\(name)"
    }

    private func isContinued(by port: PublishedPort) -> Bool {
        let targets = UInt32(target.upperBound)...UInt32(target.upperBound) + 1
        return port.mode == mode && port.proto == proto
            && UInt32(port.published.rawValue) <= UInt32(published.upperBound) + 1
            && targets.contains(UInt32(port.target.rawValue))
            // A range of targets goes on, or it would hide which port leads where.
            && (target.count == 1 || port.target.rawValue > target.upperBound)
    }

    private mutating func extend(by port: PublishedPort) {
        published = published.lowerBound...port.published.rawValue
        target = target.lowerBound...port.target.rawValue
    }

    private static func key(_ port: PublishedPort) -> (Int, String, UInt16) {
        (port.mode == .ingress ? 0 : 1, port.proto.publishedName ?? "", port.published.rawValue)
    }

    private static func text(_ range: ClosedRange<UInt16>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
}
