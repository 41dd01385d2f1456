// The kinds of flow a test runs through: transport and family.
// A test that takes them as arguments says once what must hold for all of them.

import Testing
import Wire

struct Kind: CustomTestStringConvertible, Sendable {
    enum Transport: String { case tcp, udp, sctp }

    var transport: Transport
    var isIPv6: Bool

    static let all: [Kind] = [.tcp, .udp, .sctp].flatMap { transport in
        [false, true].map { Kind(transport: transport, isIPv6: $0) }
    }

    var testDescription: String { "\(transport.rawValue) over \(isIPv6 ? "IPv6" : "IPv4")" }

    /// A flow's first packet from a client to the web service.
    var request: Draft { Sender.web(opening, isIPv6: isIPv6) }

    /// What the web service's task listens on.
    var target: UInt16 {
        switch transport {
        case .tcp: 80
        case .udp: 53
        case .sctp: 3869
        }
    }

    private var opening: Draft.Transport {
        switch transport {
        case .tcp: .tcp(.syn)
        case .udp: .udp
        case .sctp: .sctp(.initiation)
        }
    }
}
