// What a packet does to its connection: state, timeout, deadline, the server's count of active
// connections, the count of packets (ip_vs_set_state and ip_vs_conn_put of ip_vs_core.c).
//
// Invariant: a connection counts as active exactly in the states that say so. UDP never does.

import Wire

extension ConnectionTable {
    /// Takes a packet of the connection into account. A connection for one packet only is over then:
    /// read what forwarding needs (`view`, `server`) before.
    @inline(__always)
    package mutating func advance(
        _ index: ConnectionIndex, _ event: TransportEvent, _ direction: ConnectionDirection,
        rules: inout DirectorRules
    ) {
        switch event.kind {
        case .unreadable: break
        case .datagram: advanceDatagrams(index, direction, rules.settings)
        case .segment:
            let connection = connections[index.place]
            let state = TCPState(bits: connection.state)
            let next = state.after(
                row: event.row, direction, isInputOnly: hasNoOutput(index, direction),
                isSecure: isSecure(rules.settings))
            if next != state {
                become(
                    index, next.rawValue, isActive: next.isActive,
                    isEstablished: next == .established, rules: &rules)
            }
            connections[index.place].timeout = next.timeout(rules.settings)
        case .chunk:
            let state = SCTPState(bits: connections[index.place].state)
            let next = state.after(
                row: event.row, direction, isInputOnly: hasNoOutput(index, direction))
            if next != state {
                become(
                    index, next.rawValue, isActive: next.isActive,
                    isEstablished: next == .established, rules: &rules)
            }
            connections[index.place].timeout = next.timeout
        }
        if direction == .input { countPacket(index) }
        touch(index, rules: &rules)
    }

    @inline(__always)
    private mutating func advanceDatagrams(
        _ index: ConnectionIndex, _ direction: ConnectionDirection, _ settings: DirectorSettings
    ) {
        connections[index.place].timeout = settings.udpTimeout &* 100
        guard direction == .output else { return }
        connections[index.place].flags.insert(.answered)
        assureTemplate(of: index)
    }

    /// Whether replies go another way; the first one that comes this way tells otherwise.
    @inline(__always)
    private mutating func hasNoOutput(
        _ index: ConnectionIndex, _ direction: ConnectionDirection
    ) -> Bool {
        guard connections[index.place].flags.contains(.noOutput) else { return false }
        guard direction == .output else { return true }
        connections[index.place].flags.remove(.noOutput)
        return false
    }

    /// `secure_tcp` is in force: always, or because room is short.
    @inline(__always)
    private func isSecure(_ settings: DirectorSettings) -> Bool {
        settings.secureTCP != 0 && (settings.secureTCP == 3 || isCrowded)
    }

    private mutating func become(
        _ index: ConnectionIndex, _ state: UInt8, isActive: Bool, isEstablished: Bool,
        rules: inout DirectorRules
    ) {
        let wasActive = connections[index.place].isActive
        let server = connections[index.place].realServer
        connections[index.place].state = state
        if isActive != wasActive, server != .none {
            rules.setActive(server, from: wasActive, to: isActive)
            connections[index.place].flags.formSymmetricDifference(.active)
        }
        if isEstablished { assureTemplate(of: index) }
    }

    /// A client that once came through stays remembered for the whole time of persistence.
    @inline(__always)
    private mutating func assureTemplate(of index: ConnectionIndex) {
        let template = connections[index.place].template
        if template != .none { connections[template.place].state = 1 }
    }

    /// A packet of a one-packet connection is its template's.
    @inline(__always)
    private mutating func countPacket(_ index: ConnectionIndex) {
        let template = connections[index.place].template
        let isTemplates = template != .none && connections[index.place].isOnePacket
        let counter = isTemplates ? template : index
        if connections[counter.place].packetCount < .max {
            connections[counter.place].packetCount &+= 1
        }
    }
}
