// A packet as its flow decides on it, before it is bytes: addresses and one transport's fields.
//
// Invariant: what is written is exactly `byteCount` long, with every length and checksum right.

import Wire

struct PacketDraft {
    enum Transport {
        case tcp(TCPFields)
        case udp(UDPFields)
        case sctp(SCTPDraft)
    }

    var addresses: AddressPair
    var transport: Transport

    var proto: IPProtocol {
        switch transport {
        case .tcp: .tcp
        case .udp: .udp
        case .sctp: .sctp
        }
    }

    /// Of transport header and payload.
    var transportByteCount: Int {
        switch transport {
        case .tcp(let fields): fields.headerByteCount + fields.payloadByteCount
        case .udp(let fields): UDPFields.byteCount + fields.payloadByteCount
        case .sctp(let draft): draft.byteCount
        }
    }

    /// Of the IP packet, in one piece.
    var byteCount: Int { addresses.headerByteCount + transportByteCount }

    /// Writes the IP packet to the start of `bytes`.
    @_lifetime(bytes: copy bytes)
    func write(to bytes: inout MutableRawSpan) {
        addresses.writeHeader(to: &bytes, proto: proto, payloadByteCount: transportByteCount)
        var tail = bytes.tail(from: addresses.headerByteCount)
        writeTransport(to: &tail)
    }

    /// Writes transport header and payload to the start of `bytes`.
    @_lifetime(bytes: copy bytes)
    func writeTransport(to bytes: inout MutableRawSpan) {
        switch transport {
        case .tcp(let fields):
            Payload.fill(
                &bytes, from: fields.headerByteCount, count: fields.payloadByteCount,
                isStream: true)
            fields.write(to: &bytes, between: addresses)
        case .udp(let fields):
            Payload.fill(&bytes, from: UDPFields.byteCount, count: fields.payloadByteCount)
            fields.write(to: &bytes, between: addresses)
        case .sctp(let draft):
            draft.write(to: &bytes)
        }
    }
}

extension AddressPair {
    /// Of an IP header without options or extensions.
    var headerByteCount: Int { isIPv6 ? IPv6Fields.byteCount : IPv4Fields.byteCount }

    /// The other way.
    var reversed: AddressPair {
        switch self {
        case .v4(let source, let destination): .v4(source: destination, destination: source)
        case .v6(let source, let destination): .v6(source: destination, destination: source)
        }
    }

    /// Writes an IP header for a whole packet. Its IPv4 identification is zero, as it may be where
    /// fragmentation is forbidden (RFC 6864, section 4.1).
    @_lifetime(bytes: copy bytes)
    func writeHeader(to bytes: inout MutableRawSpan, proto: IPProtocol, payloadByteCount: Int) {
        switch self {
        case .v4(let source, let destination):
            IPv4Fields(
                source: source, destination: destination, proto: proto,
                payloadByteCount: payloadByteCount
            ).write(to: &bytes)
        case .v6(let source, let destination):
            IPv6Fields(
                source: source, destination: destination, nextHeader: proto,
                payloadByteCount: payloadByteCount
            ).write(to: &bytes)
        }
    }
}
