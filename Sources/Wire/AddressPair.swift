// Source and destination of one packet, of one family: what a transport checksum covers besides
// its own bytes, and what an underlay tunnel runs between.
//
// Invariant: both addresses are of the same family, which two `IPAddress` values could not promise.

public enum AddressPair: Hashable, Sendable {
    case v4(source: IPv4Address, destination: IPv4Address)
    case v6(source: IPv6Address, destination: IPv6Address)

    /// Nil when the addresses are of different families.
    public init?(source: IPAddress, destination: IPAddress) {
        switch (source, destination) {
        case (.v4(let source), .v4(let destination)):
            self = .v4(source: source, destination: destination)
        case (.v6(let source), .v6(let destination)):
            self = .v6(source: source, destination: destination)
        default: return nil
        }
    }

    /// The unfolded sum of the pseudo-header; `byteCount` is transport header plus payload.
    @inlinable
    public func pseudoHeader(proto: IPProtocol, byteCount: Int) -> UInt64 {
        switch self {
        case .v4(let source, let destination):
            Checksum.pseudoHeader(
                source: source, destination: destination, proto: proto, byteCount: byteCount)
        case .v6(let source, let destination):
            Checksum.pseudoHeader(
                source: source, destination: destination, proto: proto, byteCount: byteCount)
        }
    }

    @inlinable public var isIPv6: Bool {
        if case .v6 = self { true } else { false }
    }
}

extension IPv4Header {
    @inlinable public var addresses: AddressPair { .v4(source: source, destination: destination) }
}

extension IPv6Header {
    @inlinable public var addresses: AddressPair { .v6(source: source, destination: destination) }
}
