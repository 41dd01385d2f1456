// What a packet's transport header means to the state of its connection: the flags of a TCP
// segment, the first chunk of an SCTP packet, or just that it is there. Read once, before any
// table.
//
// Reads exactly the bytes that ip_vs_proto_{tcp,udp,sctp}.c read and judges no others: a TCP data
// offset or a UDP length may be wrong. A header cut short is `unreadable`.

import Wire

package struct TransportEvent: Hashable, Sendable {
    enum Kind: UInt8 {
        case unreadable, datagram, segment, chunk
    }

    let kind: Kind
    /// The row of the state table: see `TCPState` and `SCTPState`.
    let row: UInt8
    /// SYN, or INIT as the first chunk.
    let isOpening: Bool
    /// RST, or ABORT as the first chunk: never schedules a connection.
    let isReset: Bool

    private init(_ kind: Kind, row: UInt8 = 0, isOpening: Bool = false, isReset: Bool = false) {
        self.kind = kind
        self.row = row
        self.isOpening = isOpening
        self.isReset = isReset
    }

    static var unreadable: Self { Self(.unreadable) }
    /// UDP.
    static var datagram: Self { Self(.datagram) }

    /// `transport` starts with the header and ends with the packet.
    @inline(__always)
    package init(_ proto: IPProtocol, _ transport: RawSpan) {
        switch proto {
        case .tcp: self.init(segment: transport)
        case .sctp: self.init(chunk: transport)
        default: self = transport.byteCount < 8 ? .unreadable : .datagram
        }
    }

    @inline(__always)
    private init(segment transport: RawSpan) {
        guard transport.byteCount >= 20 else {
            self = .unreadable
            return
        }
        self.init(flags: TCPFlags(rawValue: transport.u8(13)))
    }

    /// Of a TCP header that is wholly there.
    @inline(__always)
    init(flags: TCPFlags) {
        self.init(
            .segment, row: TCPState.row(flags), isOpening: flags.contains(.syn),
            isReset: flags.contains(.rst))
    }

    /// An ABORT is noticed where it comes first, or second behind COOKIE-ECHO or COOKIE-ACK.
    private init(chunk transport: RawSpan) {
        guard transport.byteCount >= 16 else {
            self = .unreadable
            return
        }
        let first = SCTPChunkType(rawValue: transport.u8(12))
        var row = SCTPState.row(first)
        let byteCount = Int(transport.u16(14))
        if first == .cookieEcho || first == .cookieAck, byteCount >= 4 {
            let second = 12 + (byteCount + 3) & ~3
            if second + 4 <= transport.byteCount, transport.u8(second) == 6 {
                row = SCTPState.row(.abort)
            }
        }
        self.init(
            .chunk, row: row, isOpening: first == .initiation, isReset: first == .abort)
    }

    /// Whether a packet that belongs to no connection may open one.
    package enum Opening: Hashable, Sendable {
        case may
        /// It is none of the director's business.
        case mayNot
        /// Too short: dropped.
        case unreadable
    }

    /// The rule of tcp_conn_schedule, udp_conn_schedule and sctp_conn_schedule. An SCTP packet
    /// without a chunk is `unreadable` there too.
    @inline(__always)
    package func opening(_ settings: DirectorSettings) -> Opening {
        switch kind {
        case .unreadable: .unreadable
        case .datagram: .may
        case .segment: !isReset && (isOpening || settings.sloppyTCP) ? .may : .mayNot
        case .chunk: !isReset && (isOpening || settings.sloppySCTP) ? .may : .mayNot
        }
    }
}

extension SCTPChunkType {
    /// RFC 9260, section 3.3.12.
    static var cookieAck: Self { Self(rawValue: 11) }
}

/// Which way a packet goes.
package enum ConnectionDirection: Hashable, Sendable {
    /// From the client.
    case input
    /// From the server.
    case output
}
