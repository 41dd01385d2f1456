// An ICMP error about something the service sent to a client (RFC 792, RFC 4443).
//
// It goes to the service's address, as answers do, and quotes a packet from that address and port to
// the client. Invariant: the quoted packet is one the service could have sent at this point of the
// flow; an error that only a host makes comes from the client, any other from a router on the way.

import Wire

enum QuotedError: CaseIterable {
    case portUnreachable
    case hostUnreachable
    case tooBig
    case timeExceeded

    /// The next hop's MTU that a packet of 1500 bytes was too big for.
    private static let mtu = 1400

    /// Who speaks, the client or a router, and to whom. Routers have documentation addresses
    /// (RFC 5737, RFC 3849).
    func addresses(about quoted: PacketDraft, router: UInt8) -> AddressPair {
        let back = quoted.addresses.reversed
        guard self != .portUnreachable else { return back }
        switch back {
        case .v4(_, let destination):
            return .v4(source: IPv4Address(203, 0, 113, router), destination: destination)
        case .v6(_, let destination):
            let source = IPv6Address(high: 0x2001_0db8_000a_0000, low: UInt64(router))
            return .v6(source: source, destination: destination)
        }
    }

    /// How much is quoted: over IPv4 the header and eight bytes, which is all that RFC 792 asks for,
    /// over IPv6 as much as fits.
    static func quoteByteCount(of quoted: PacketDraft) -> Int {
        let isIPv6 = quoted.addresses.isIPv6
        let most = isIPv6 ? ICMPv6Fields.quoteByteCountMax : IPv4Fields.byteCount + 8
        return min(quoted.byteCount, most)
    }

    /// Writes the IP packet to the start of `bytes`, where `quoteByteCount` bytes already stand
    /// behind the two headers.
    @_lifetime(bytes: copy bytes)
    func write(to bytes: inout MutableRawSpan, between addresses: AddressPair, quoteByteCount: Int)
    {
        let isIPv6 = addresses.isIPv6
        addresses.writeHeader(
            to: &bytes, proto: isIPv6 ? .icmpv6 : .icmp,
            payloadByteCount: ICMPFields.byteCount + quoteByteCount)
        var message = bytes.tail(from: addresses.headerByteCount)
        if isIPv6 {
            fieldsIPv6(quoting: quoteByteCount).write(to: &message, between: addresses)
        } else {
            fieldsIPv4(quoting: quoteByteCount).write(to: &message)
        }
    }

    private func fieldsIPv4(quoting byteCount: Int) -> ICMPFields {
        switch self {
        case .portUnreachable:
            .destinationUnreachable(code: ICMPUnreachableCode.port, quoting: byteCount)
        case .hostUnreachable:
            .destinationUnreachable(code: ICMPUnreachableCode.host, quoting: byteCount)
        case .tooBig: .fragmentationNeeded(mtu: UInt16(Self.mtu), quoting: byteCount)
        case .timeExceeded: .timeExceeded(quoting: byteCount)
        }
    }

    private func fieldsIPv6(quoting byteCount: Int) -> ICMPv6Fields {
        switch self {
        case .portUnreachable:
            .destinationUnreachable(code: ICMPv6UnreachableCode.port, quoting: byteCount)
        case .hostUnreachable:
            .destinationUnreachable(code: ICMPv6UnreachableCode.address, quoting: byteCount)
        case .tooBig: .packetTooBig(mtu: UInt32(Self.mtu), quoting: byteCount)
        case .timeExceeded: .timeExceeded(quoting: byteCount)
        }
    }
}
