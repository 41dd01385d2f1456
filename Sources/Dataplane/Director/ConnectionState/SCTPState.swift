// The states of an SCTP association as a director in the middle sees it, and what a packet's first
// chunk changes: the tables of ip_vs_proto_sctp.c. The states are those of the server (RFC 9260,
// section 4), with short ones of their own for an INIT that is not answered or is refused.
//
// A row is one number in base 16, the digit from the left telling what becomes of the state of that
// number, in the order of the names.

import Wire

package struct SCTPState: Hashable, Sendable {
    package let rawValue: UInt8

    @inline(__always) package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The listed names, by number.
    package static let names = [
        "NONE", "INIT1", "INIT", "C-SENT", "C-REPLIED", "C-WAIT", "COOKIE", "C-ECHOED",
        "ESTABLISHED", "S-SENT", "S-RECEIVED", "S-ACK-SENT", "REJECTED", "CLOSED",
    ]

    static var none: Self { Self(rawValue: 0) }
    static var initiated: Self { Self(rawValue: 1) }
    static var initiatedAgain: Self { Self(rawValue: 2) }
    static var established: Self { Self(rawValue: 8) }
    static var shutdownAckSent: Self { Self(rawValue: 11) }
    static var rejected: Self { Self(rawValue: 12) }
    static var closed: Self { Self(rawValue: 13) }

    /// Counts as an active connection of its server.
    @inline(__always)
    var isActive: Bool { self == .established }

    /// Not yet past its opening, or over.
    var isExpendable: Bool {
        rawValue < Self.established.rawValue || rawValue > Self.shutdownAckSent.rawValue
    }

    /// Ticks without a packet after which the connection ends.
    @inline(__always)
    var timeout: UInt32 {
        switch self {
        case .none: 200
        case .initiated, .rejected: 400
        case .established: 90_000
        default: 6_100
        }
    }

    /// The row of a chunk: data and what is not known, INIT, INIT-ACK, COOKIE-ECHO, COOKIE-ACK,
    /// SHUTDOWN, SHUTDOWN-ACK, SHUTDOWN-COMPLETE, ERROR, ABORT.
    static func row(_ chunk: SCTPChunkType) -> UInt8 {
        switch chunk {
        case .initiation: 1
        case .initiationAck: 2
        case .cookieEcho: 3
        case .cookieAck: 4
        case .shutdown: 5
        case .shutdownAck: 6
        case .shutdownComplete: 7
        case SCTPChunkType(rawValue: 9): 8
        case .abort: 9
        default: 0
        }
    }

    /// The state after a packet with the chunk of `row`. With `isInputOnly`, the answers to what
    /// the client sends do not come this way.
    package func after(row: UInt8, _ direction: ConnectionDirection, isInputOnly: Bool) -> Self {
        let digits =
            direction == .output
            ? Self.output(row) : isInputOnly ? Self.inputOnly(row) : Self.input(row)
        let digit = digits &>> (52 &- UInt64(rawValue) &* 4) & 15
        return Self(rawValue: UInt8(truncatingIfNeeded: digit))
    }

    private static func input(_ row: UInt8) -> UInt64 {
        switch row {
        case 0: 0x81_2345_6789_abcd
        case 1: 0x12_2345_6789_ab22
        case 2: 0x55_5346_6789_abcd
        case 3: 0x42_2445_6789_abcd
        case 4: 0x81_2345_6889_abcd
        case 5: 0xa1_2345_67a9_abcd
        case 6: 0xd2_2345_678d_adcd
        case 7: 0xdd_d345_6789_adcd
        case 8: 0xd1_2345_6d89_abcd
        default: 0xdd_dddc_dddd_dddd
        }
    }

    private static func output(_ row: UInt8) -> UInt64 {
        switch row {
        case 0: 0x81_2345_6789_abcd
        case 1: 0x55_5555_5585_5555
        case 2: 0x33_3345_6789_abcd
        case 3: 0x77_7777_7789_abcd
        case 4: 0x88_8888_8889_abcd
        case 5: 0x99_9999_9999_abcd
        case 6: 0xbb_bbb5_678b_bbcd
        case 7: 0xd1_2345_6789_abcd
        case 8: 0xdd_ddd5_6789_abcd
        default: 0xdc_dddd_dddd_dddd
        }
    }

    private static func inputOnly(_ row: UInt8) -> UInt64 {
        switch row {
        case 0: 0x81_2348_6789_abcd
        case 1: 0x12_2222_6789_ab22
        case 2: 0x77_7777_6789_abcd
        case 3: 0x88_8888_6789_abcd
        case 4: 0x81_2885_8889_abcd
        case 5: 0xa1_2345_67a9_abcd
        case 6: 0xd2_2345_67dd_adcd
        case 7: 0xdd_ddd5_6789_ddcd
        case 8: 0xd1_2345_6789_abcd
        default: 0xdd_dddc_dddd_dddd
        }
    }
}
