// What a packet does to its connection: state, timeout, deadline, the server's count of active
// connections, the count of packets (ip_vs_set_state and ip_vs_conn_put of ip_vs_core.c).
//
// Invariant: a connection counts as active exactly in the states that say so. UDP never does. What
// concerns the connection alone is done in place, in one go; the rest, which is rare, is told.

import Wire

extension ConnectionTable {
    /// Takes a packet of the connection into account. A connection for one packet only is over
    /// then: read what forwarding needs (`view`, `server`) before.
    @inline(__always)
    package mutating func advance(
        _ index: ConnectionIndex, _ event: TransportEvent, _ direction: ConnectionDirection,
        rules: inout DirectorRules
    ) {
        var connection = connections[index.place]
        let consequence = connection.advance(
            event, direction, rules.settings, isSecure: isSecure(rules.settings), wheel.tick)
        connections[index.place] = connection
        if !consequence.isEmpty { follow(consequence, index, direction, rules: &rules) }
    }

    /// `secure_tcp` is in force: always, or because room is short.
    @inline(__always)
    func isSecure(_ settings: DirectorSettings) -> Bool {
        settings.secureTCP != 0 && (settings.secureTCP == 3 || isCrowded)
    }

    mutating func follow(
        _ consequence: ConnectionConsequence, _ index: ConnectionIndex,
        _ direction: ConnectionDirection, rules: inout DirectorRules
    ) {
        let connection = connections[index.place]
        if consequence.contains(.activity) {
            rules.setActive(
                connection.realServer, from: !connection.isActive, to: connection.isActive)
        }
        let template = connection.template
        if consequence.contains(.success), template != .none {
            connections[template.place].state = 1
        }
        if consequence.contains(.over) { evictionQueue.append(index, in: &connections) }
        if consequence.contains(.end) {
            if direction == .input, template != .none { connections[template.place].countPacket() }
            end(index, withTemplate: false, rules: &rules)
        } else if consequence.contains(.earlier) {
            bringForward(index)
        }
    }
}

/// What a packet means beyond its connection.
struct ConnectionConsequence: OptionSet {
    var rawValue: UInt8
    /// The connection became active or stopped being so.
    static var activity: Self { Self(rawValue: 1) }
    /// The client came through: its template stays for the whole time of persistence.
    static var success: Self { Self(rawValue: 2) }
    /// The deadline is earlier than it was.
    static var earlier: Self { Self(rawValue: 4) }
    /// The connection has become one that may give way to others.
    static var over: Self { Self(rawValue: 16) }
    /// The connection was for this packet only.
    static var end: Self { Self(rawValue: 8) }
}

extension Connection {
    /// Does what concerns the connection alone. `now` is the low half of the tick.
    @inline(__always)
    mutating func advance(
        _ event: TransportEvent, _ direction: ConnectionDirection,
        _ settings: DirectorSettings, isSecure: Bool, _ now: UInt32
    ) -> ConnectionConsequence {
        var consequence: ConnectionConsequence = []
        switch event.kind {
        case .unreadable: break
        case .datagram:
            timeout = settings.udpTimeout &* 100
            if direction == .output, template != .none { consequence = .success }
        case .segment where event.row == TCPState.row(.ack) && isEstablished(direction):
            return acknowledge(direction, settings, now)
        case .segment:
            let next = TCPState(rawValue: state).after(
                row: event.row, direction, isInputOnly: hasNoOutput(direction), isSecure: isSecure)
            consequence = become(
                next.rawValue, isActive: next.isActive, isEstablished: next == .established)
            timeout = next.timeout(settings)
        case .chunk:
            let next = SCTPState(rawValue: state).after(
                row: event.row, direction, isInputOnly: hasNoOutput(direction))
            consequence = become(
                next.rawValue, isActive: next.isActive, isEstablished: next == .established)
            timeout = next.timeout
        }
        if isOnePacket { return consequence.union(.end) }
        if direction == .input { countPacket() }
        return restart(now) ? consequence.union(.earlier) : consequence
    }

    /// Whether a mere ACK of TCP changes nothing: what nearly all segments are.
    @inline(__always)
    func isEstablished(_ direction: ConnectionDirection) -> Bool {
        state == TCPState.established.rawValue
            && (direction == .input || !flags.contains(.noOutput))
    }

    /// Takes such an ACK into account.
    @inline(__always)
    mutating func acknowledge(
        _ direction: ConnectionDirection, _ settings: DirectorSettings, _ now: UInt32
    ) -> ConnectionConsequence {
        timeout = TCPState.established.timeout(settings)
        if direction == .input { countPacket() }
        return restart(now) ? .earlier : []
    }

    @inline(__always)
    fileprivate mutating func countPacket() {
        if packetCount < .max { packetCount &+= 1 }
    }

    /// Puts the deadline off to the timeout, from now on; whether it is earlier than it was.
    @inline(__always)
    mutating func restart(_ now: UInt32) -> Bool {
        let before = deadline
        deadline = now &+ min(timeout, UInt32(Int32.max))
        return Int32(bitPattern: deadline &- before) < 0
    }

    /// Whether replies go another way; the first one that comes this way tells otherwise.
    @inline(__always)
    private mutating func hasNoOutput(_ direction: ConnectionDirection) -> Bool {
        guard flags.contains(.noOutput) else { return false }
        guard direction == .output else { return true }
        flags.remove(.noOutput)
        return false
    }

    @inline(__always)
    private mutating func become(
        _ next: UInt8, isActive: Bool, isEstablished: Bool
    ) -> ConnectionConsequence {
        guard next != state else { return [] }
        state = next
        var consequence: ConnectionConsequence = isEstablished ? .success : []
        if !flags.contains(.queued), isExpendable { consequence.formUnion(.over) }
        if isActive != self.isActive, realServer != .none {
            flags.formSymmetricDifference(.active)
            consequence.formUnion(.activity)
        }
        return consequence
    }
}
