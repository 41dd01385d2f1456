// When a client's new connection finds the remains of an old one with the same ports: whether the
// entry is given up and the packet scheduled anew (is_new_conn_expected and the first part of
// ip_vs_in, ip_vs_core.c; `conn_reuse_mode`, `expire_nodest_conn`).

import Wire

extension ConnectionTable {
    /// What is to be done with an entry that a packet from a client has found.
    package enum Use: Hashable, Sendable {
        /// The packet belongs to it.
        case keep
        /// It ends at the next tick (`expireNow`), and the packet is scheduled as if it had not
        /// been found.
        case giveUp
        /// The same, but it lives on, since others name it.
        case passOver
        /// Its server was deleted and may come back: the packet is dropped, the entry left alone.
        case dropPacket
    }

    /// Judges an entry by the packet that found it. `isLaterFragment` packets open nothing.
    package func use(
        _ index: ConnectionIndex, _ event: TransportEvent, rules: borrowing DirectorRules
    ) -> Use {
        let connection = connections[index.place]
        let server = connection.realServer
        let expiresWithServer = rules.settings.expireNodestConn
        if event.isOpening, connection.template == .none {
            let isDrained =
                expiresWithServer && server != .none
                && rules[server].rule.weight == 0
            if isDrained || isOver(connection, mode: rules.settings.connReuseMode) {
                return connection.controlledCount == 0 ? .giveUp : .passOver
            }
        }
        guard server != .none, !rules[server].isAvailable else { return .keep }
        return expiresWithServer ? .giveUp : .dropPacket
    }

    /// A new connection in its place is to be expected.
    private func isOver(_ connection: Connection<Address>, mode: UInt32) -> Bool {
        guard mode != 0 else { return false }
        switch connection.proto {
        case .tcp:
            return switch TCPState(rawValue: connection.state) {
            case .timeWait, .close: true
            case .finWait: mode & 2 != 0 && connection.flags.contains(.noOutput)
            default: false
            }
        case .sctp: return SCTPState(rawValue: connection.state) == .closed
        default: return false
        }
    }
}
