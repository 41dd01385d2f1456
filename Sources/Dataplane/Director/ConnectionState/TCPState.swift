// The states of a TCP connection as a director in the middle sees it, and what a segment changes:
// the tables of ip_vs_proto_tcp.c, the ordinary ones and those that `secure_tcp` puts in force.
//
// A row is one number in base 16, the digit from the left telling what becomes of the state of that
// number. Columns in order: none, established, SYN sent, SYN received, FIN wait, time wait, close,
// close wait, last ACK, listen, SYN-ACK.

import Wire

package struct TCPState: Hashable, Sendable {
    package let rawValue: UInt8

    @inline(__always) package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The listed names, by number.
    package static let names = [
        "NONE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "TIME_WAIT", "CLOSE",
        "CLOSE_WAIT", "LAST_ACK", "LISTEN", "SYNACK",
    ]

    static var none: Self { Self(rawValue: 0) }
    static var established: Self { Self(rawValue: 1) }
    static var synSent: Self { Self(rawValue: 2) }
    static var synReceived: Self { Self(rawValue: 3) }
    static var finWait: Self { Self(rawValue: 4) }
    static var timeWait: Self { Self(rawValue: 5) }
    static var close: Self { Self(rawValue: 6) }
    static var closeWait: Self { Self(rawValue: 7) }
    static var lastAck: Self { Self(rawValue: 8) }
    static var listen: Self { Self(rawValue: 9) }
    static var synAck: Self { Self(rawValue: 10) }

    /// Counts as an active connection of its server.
    @inline(__always)
    var isActive: Bool {
        self == .established || self == .synSent || self == .synReceived || self == .synAck
    }

    /// Not yet past its opening, or over.
    var isExpendable: Bool {
        switch self {
        case .none, .synReceived, .synSent, .synAck, .timeWait, .close: true
        default: false
        }
    }

    /// Ticks without a packet after which the connection ends.
    @inline(__always)
    func timeout(_ settings: DirectorSettings) -> UInt32 {
        switch self {
        case .established: settings.tcpTimeout &* 100
        case .synSent, .timeWait, .listen, .synAck: 12_000
        case .finWait: settings.tcpFinTimeout &* 100
        case .synReceived, .closeWait: 6_000
        case .close: 1_000
        case .lastAck: 3_000
        default: 200
        }
    }

    /// The row of a segment: RST counts before SYN, that before FIN, that before ACK.
    @inline(__always)
    static func row(_ flags: TCPFlags) -> UInt8 {
        // A digit for each set of the four flags: ACK, RST, SYN, FIN from the highest bit.
        let set = UInt64(flags.rawValue & 7 | flags.rawValue &>> 1 & 8)
        return UInt8(truncatingIfNeeded: 0x3333_0012_3333_0014 as UInt64 &>> (set &* 4) & 15)
    }

    /// The state after a segment with the flags of `row`. With `isInputOnly`, the answers to what
    /// the client sends do not come this way.
    @inline(__always)
    package func after(
        row: UInt8, _ direction: ConnectionDirection, isInputOnly: Bool, isSecure: Bool
    ) -> Self {
        guard row < 4 else { return .close }
        let table: UInt8 = direction == .output ? 4 : isInputOnly ? 8 : 0
        let digits =
            isSecure ? Self.secure(table &+ row) : Self.ordinary(table &+ row)
        let digit = digits &>> (40 &- UInt64(rawValue) &* 4) & 15
        return Self(rawValue: UInt8(truncatingIfNeeded: digit))
    }

    /// SYN, FIN, ACK, RST; first of input, then of output, then of input only.
    @inline(__always)
    private static func ordinary(_ row: UInt8) -> UInt64 {
        switch row {
        case 0: 0x311_3333_3333
        case 1: 0x672_5556_7895
        case 2: 0x112_1456_7691
        case 3: 0x666_3666_6893
        case 4: 0x212_3222_2293
        case 5: 0x542_5456_5895
        case 6: 0x112_1456_7811
        case 7: 0x662_6656_6666
        case 8: 0x311_3333_3333
        case 9: 0x642_5456_7895
        case 10: 0x112_1456_7691
        default: 0x666_3666_6896
        }
    }

    /// The same in defence against floods of SYN: an ACK from the client alone establishes nothing.
    @inline(__always)
    private static func secure(_ row: UInt8) -> UInt64 {
        switch row {
        case 0: 0x311_3333_333a
        case 1: 0x672_5556_789a
        case 2: 0x112_3456_769a
        case 3: 0x666_3666_6896
        case 4: 0x212_a222_229a
        case 5: 0x542_5456_5895
        case 6: 0x112_1456_7811
        case 7: 0x662_6656_6666
        case 8: 0xa11_3aaa_aaaa
        case 9: 0x642_5456_7895
        case 10: 0x112_1456_7691
        default: 0x666_3666_6896
        }
    }
}
