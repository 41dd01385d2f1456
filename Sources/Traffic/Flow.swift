// One flow: its two ends, how far its connection has come, and how many packets it has left.
//
// A connection walks through `Step`s; both ends' steps are walked even when only the client's are
// shown, so that acknowledgments make sense. Invariant: `connectionLeft` never exceeds `packetsLeft`,
// and a connection that has packets left to close does close.

import Wire

struct Flow {
    /// TCP's and SCTP's steps are the same but for `welcome`, which TCP does without: SYN, SYN-ACK,
    /// ACK and INIT, INIT ACK, COOKIE ECHO, COOKIE ACK. UDP only sends and responds.
    enum Step {
        case open, accept, confirm, welcome
        case send, respond
        case finish, finishBack, last
        case reset

        var isFromClient: Bool {
            switch self {
            case .open, .confirm, .send, .finish, .last, .reset: true
            case .accept, .welcome, .respond, .finishBack: false
            }
        }
    }

    /// Among the specification's targets.
    let target: Int
    var packetsLeft: UInt32
    /// Of the present connection; zero before one is open.
    var connectionLeft: UInt32 = 0
    /// From the client to the target.
    var addresses: AddressPair
    var clientPort = Port(0)
    /// The next to be taken.
    var step = Step.open
    /// Whether the connection ends by `reset`.
    var isResetting = false
    /// Whether the service has had something to answer, which an ICMP error can then quote.
    var isAnswered = false
    /// The next sequence number of each end, TCP's or SCTP's.
    var clientNext: UInt32 = 0
    var serverNext: UInt32 = 0
    /// The verification tag each end wants to see (SCTP).
    var clientTag: UInt32 = 0
    var serverTag: UInt32 = 0

    init(target: Int, packetsLeft: UInt32) {
        self.target = target
        self.packetsLeft = packetsLeft
        let nowhere = IPv4Address(rawValue: 0)
        addresses = .v4(source: nowhere, destination: nowhere)
    }

    /// Starts a connection that is to show `count` packets.
    mutating func open(
        between addresses: AddressPair, from port: Port, count: UInt32,
        _ transport: TrafficTarget.Transport, isResetting: Bool, _ random: inout RandomSource
    ) {
        self.addresses = addresses
        clientPort = port
        connectionLeft = count
        self.isResetting = isResetting
        isAnswered = false
        step = transport == .udp ? .send : .open
        clientNext = UInt32(truncatingIfNeeded: random.next())
        serverNext = UInt32(truncatingIfNeeded: random.next())
        // A tag is never zero (RFC 9260, section 3.3.2).
        clientTag = UInt32(truncatingIfNeeded: random.next()) | 1
        serverTag = UInt32(truncatingIfNeeded: random.next()) | 1
    }

    /// Moves on from `step`. `closeCount` is how many packets an orderly close shows.
    mutating func advance(
        _ transport: TrafficTarget.Transport, closeCount: UInt32, _ random: inout RandomSource
    ) {
        if step == .accept || step == .send { isAnswered = true }
        switch step {
        case .open: step = .accept
        case .accept: step = .confirm
        case .confirm: step = .welcome
        case .welcome: step = .send
        case .send, .respond:
            if transport != .udp, connectionLeft <= (isResetting ? 1 : closeCount) {
                step = isResetting ? .reset : .finish
            } else {
                step = step == .send && random.below(2) == 0 ? .respond : .send
            }
        case .finish: step = .finishBack
        case .finishBack: step = .last
        case .last, .reset: step = .open
        }
    }
}
