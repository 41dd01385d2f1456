// Where flows go: a published port at one of the addresses clients know.
//
// Invariant: the protocol is one that flows speak, and the weight is positive.

import Wire

public struct TrafficTarget: Hashable, Sendable {
    /// What a flow speaks.
    public enum Transport: Hashable, CaseIterable, Sendable {
        case tcp, udp, sctp

        public var proto: IPProtocol {
            switch self {
            case .tcp: .tcp
            case .udp: .udp
            case .sctp: .sctp
            }
        }
    }

    public let transport: Transport
    public let address: IPAddress
    public let port: Port
    /// Flows choose among the targets of their family and transport in proportion.
    public let weight: Int

    /// Nil when the weight is not within 1...`TrafficLimits.weightMax`.
    public init?(_ transport: Transport, _ address: IPAddress, _ port: Port, weight: Int = 1) {
        guard (1...TrafficLimits.weightMax).contains(weight) else { return nil }
        self.transport = transport
        self.address = address
        self.port = port
        self.weight = weight
    }

    public var isIPv6: Bool { address.bitWidth == 128 }
}

extension TrafficTarget.Transport: CustomStringConvertible {
    public var description: String { proto.description }
}

extension TrafficTarget: CustomStringConvertible {
    /// `tcp/192.0.2.11:8080`, `udp/[2001:db8::1]:53`, either with a weight as in `...:53=3`; nil for
    /// anything else.
    public init?(_ text: some StringProtocol) {
        let terms = text.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false)
        guard terms.count <= 2, let place = terms.first,
            let weight = terms.count == 1 ? 1 : scaledDecimal(terms[1], decimals: 0),
            let slash = place.firstIndex(of: "/"), let colon = place.lastIndex(of: ":"),
            slash < colon,
            let transport = Transport.allCases.first(where: { $0.description == place[..<slash] }),
            let address = Self.address(place[place.index(after: slash)..<colon]),
            let port = Port(place[place.index(after: colon)...])
        else { return nil }
        self.init(transport, address, port, weight: Int(weight))
    }

    /// An IPv4 address, or an IPv6 address in brackets (RFC 3986, section 3.2.2).
    private static func address(_ text: some StringProtocol) -> IPAddress? {
        guard text.first == "[", text.last == "]" else {
            return IPv4Address(text).map(IPAddress.v4)
        }
        return IPv6Address(text.dropFirst().dropLast()).map(IPAddress.v6)
    }

    public var description: String {
        let place = isIPv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
        return weight == 1 ? "\(transport)/\(place)" : "\(transport)/\(place)=\(weight)"
    }
}
