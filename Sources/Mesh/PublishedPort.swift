// A published port, decided: what clients send to and what the task listens on.
// Invariant: two ingress ports of a cluster never share (published, protocol).

import Wire

public struct PublishedPort: Hashable, Sendable {
    public var name: String?
    public var published: Port
    public var target: Port
    /// TCP, UDP or SCTP.
    public var proto: IPProtocol
    public var mode: Mode

    public init(
        name: String? = nil, published: Port, target: Port, proto: IPProtocol = .tcp,
        mode: Mode = .ingress
    ) {
        self.name = name
        self.published = published
        self.target = target
        self.proto = proto
        self.mode = mode
    }

    public enum Mode: String, Hashable, CaseIterable, Sendable {
        /// Every node answers and the mesh carries the packet to the owner.
        case ingress
        /// Only a node that runs a task answers, with that task.
        case host
    }
}

extension IPProtocol {
    /// The name Compose uses, nil for a protocol that cannot be published.
    public var publishedName: String? {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .sctp: "sctp"
        default: nil
        }
    }

    public init?(publishedName: String) {
        switch publishedName {
        case "tcp": self = .tcp
        case "udp": self = .udp
        case "sctp": self = .sctp
        default: return nil
        }
    }
}
