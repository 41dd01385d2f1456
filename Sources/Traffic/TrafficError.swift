// What can be wrong with a traffic specification, said once; `description` is fit to be shown as it is.
// Invariant: a specification that makes a generator has none of these wrong with it.

public enum TrafficError: Error, Equatable, Sendable {
    case outOfRange(name: String, value: Int, range: ClosedRange<Int>)
    case tooFewPackets(packetCount: Int, flowCount: Int)
    case noProtocol
    case sharesAboveWhole(partsPerMillion: Int)
    case sharesBelowWhole(partsPerMillion: Int)
    case noTarget(TrafficTarget.Transport, isIPv6: Bool)
    case clientsPrefix(length: Int)
    case tooFewClients(prefix: String, endpointCount: UInt64, flowCount: Int)
    case startTooLate
}

extension TrafficError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .outOfRange(let name, let value, let range):
            "\(name) \(value) is not within \(range.lowerBound) to \(range.upperBound)"
        case .tooFewPackets(let packetCount, let flowCount):
            "\(packetCount) packets cannot show \(flowCount) flows: each sends at least one"
        case .noProtocol: "no flow may be TCP, UDP or SCTP: all three shares are zero"
        case .sharesAboveWhole(let parts):
            "the shares of TCP, UDP and SCTP add up to \(Share.percentage(parts)), more than the whole"
        case .sharesBelowWhole(let parts):
            "the shares of TCP, UDP and SCTP add up to \(Share.percentage(parts)), and no other protocol is "
                + "there to take the rest"
        case .noTarget(let transport, let isIPv6):
            "some flows are \(transport) over \(isIPv6 ? "IPv6" : "IPv4"), and no target is"
        case .clientsPrefix(let length): "a client prefix of \(length) bits does not exist"
        case .tooFewClients(let prefix, let endpointCount, let flowCount):
            "clients in \(prefix) have \(endpointCount) addresses and ports, too few for "
                + "\(flowCount) flows"
        case .startTooLate: "the start lies beyond what 64 bits of nanoseconds leave room for"
        }
    }
}
