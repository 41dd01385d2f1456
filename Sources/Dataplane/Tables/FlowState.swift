// How far a flow has come, in bits that packets add and that none takes away, and which bits a packet adds.
//
// A packet of a known flow then does what it does to it by one `or`, whatever it is: which flags or which chunk
// comes next nobody can guess. Invariant: a flow that both sides have ended, or either has reset, stays closed
// until a record is made anew.

import Wire

/// What a packet does to its flow, in the bits that it adds to the flow's state when the client sends it.
struct FlowEvent: Equatable, Sendable {
    fileprivate let bits: UInt8

    /// A first packet: SYN or INIT, alone.
    static var opening: Self { Self(bits: 0) }
    static var data: Self { Self(bits: FlowState.established) }
    /// One side's last: FIN or SHUTDOWN.
    static var closing: Self { Self(bits: FlowState.clientClosed) }
    /// The end at once: RST or ABORT.
    static var reset: Self { Self(bits: FlowState.closed) }
    static var datagram: Self { Self(bits: FlowState.datagram) }

    private init(bits: UInt8) { self.bits = bits }

    /// RST before SYN before FIN, as conntrack reads the flags; SYN with ACK is no first packet. The bits are
    /// one of sixteen digits, in a place that FIN, SYN, RST and ACK make in the order of theirs.
    @inline(__always)
    init(_ flags: TCPFlags) {
        let place = flags.rawValue & 7 | flags.rawValue &>> 1 & 8
        bits = Self.digit(place, of: 0xcccc_1141_cccc_0041)
    }

    /// INIT is 1, ABORT 6, SHUTDOWN 7, SHUTDOWN ACK 8 and SHUTDOWN COMPLETE 14; all else is data.
    @inline(__always)
    init(_ chunk: SCTPChunkType) {
        bits =
            chunk.rawValue < 16
            ? Self.digit(chunk.rawValue, of: 0x1c11_1114_4c11_1101) : FlowState.established
    }

    @inline(__always)
    private static func digit(_ place: UInt8, of digits: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: digits &>> (UInt64(place) &* 4)) & 15
    }

    /// The bits that it adds when the task sends it. What the task says proves nothing of the client: it
    /// establishes no flow.
    @inline(__always)
    fileprivate var bitsFromTask: UInt8 {
        bits & FlowState.datagram | bits &<< 1 & FlowState.taskClosed
            | bits &>> 1 & FlowState.clientClosed
    }
}

/// The two directions of a flow.
enum FlowSide {
    case client, task
}

/// How far a flow has come; decides how long it is remembered without traffic.
struct FlowState: Equatable, Sendable {
    // A TCP SYN or an SCTP INIT and nothing since has none of them.
    fileprivate static var established: UInt8 { 1 }
    /// No connection to speak of: UDP.
    fileprivate static var datagram: UInt8 { 2 }
    // The highest two, so that one comparison tells whether a flow is closed.
    fileprivate static var clientClosed: UInt8 { 4 }
    fileprivate static var taskClosed: UInt8 { 8 }
    fileprivate static var closed: UInt8 { clientClosed | taskClosed }

    private var bits: UInt8

    /// Of a flow whose first packet came from the client.
    @inline(__always)
    init(first event: FlowEvent) { bits = event == .closing ? Self.established : event.bits }

    @inline(__always)
    var isClosed: Bool { bits >= Self.closed }

    /// Whether the client has not been heard of since it began.
    var isOpening: Bool { bits & (Self.established | Self.datagram) == 0 && !isClosed }

    @inline(__always)
    mutating func add(_ event: FlowEvent, from side: FlowSide) {
        bits |= side == .client ? event.bits : event.bitsFromTask
    }

    /// The conntrack defaults (net.netfilter.nf_conntrack_*): established flows are remembered for five
    /// days, where IPVS forgets them after 15 minutes, for state here is 32 bytes.
    var timeoutSeconds: UInt32 {
        if isClosed { return 30 }
        if isOpening { return Self.leastTimeoutSeconds }
        return bits & Self.datagram != 0 ? 180 : 432_000
    }

    /// The shortest time for which a flow is remembered that is not closed.
    static var leastTimeoutSeconds: UInt32 { 120 }
}
