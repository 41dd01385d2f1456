// Who gives way when the table is full: the places of connections that have not got past their
// opening, or are over, in the order in which they came to be so. A flood of new connections thus
// pushes out itself, a real client has as long as it takes the flood to fill the table once, and
// clients that came through are not in the way: each is passed over once.
//
// Invariant: every place in use whose connection is expendable stands in the queue, and no place
// twice. Places whose connection has become established, or has ended, leave when they come first.

import Wire

struct EvictionQueue {
    private(set) var first = ConnectionIndex.none
    private var last = ConnectionIndex.none

    /// Puts a place last, unless it waits already.
    @inline(__always)
    mutating func append<Address>(
        _ index: ConnectionIndex, in connections: inout [Connection<Address>]
    ) {
        guard !connections[index.place].flags.contains(.queued) else { return }
        connections[index.place].flags.insert(.queued)
        connections[index.place].behind = .none
        if last == .none {
            first = index
        } else {
            connections[last.place].behind = index
        }
        last = index
    }

    /// Takes the first place out.
    mutating func removeFirst<Address>(
        in connections: inout [Connection<Address>]
    ) -> ConnectionIndex? {
        guard first != .none else { return nil }
        let index = first
        first = connections[index.place].behind
        if first == .none { last = .none }
        connections[index.place].flags.remove(.queued)
        return index
    }
}

extension ConnectionTable {
    /// Makes a place in a full table. False when none of the next few in the queue may be had; they
    /// have left it then, and the next attempt looks further.
    mutating func evict(rules: inout DirectorRules) -> Bool {
        for _ in 0..<Limits.evictionProbeCountMax {
            guard let index = evictionQueue.removeFirst(in: &connections) else { return false }
            guard connections[index.place].isExpendable else { continue }
            end(index, withTemplate: true, rules: &rules)
            return true
        }
        return false
    }
}

extension Connection {
    /// May give way to a new connection when the table is full: an opening, the rest of a
    /// connection that is over, a single datagram, a template without connections of a client that
    /// never came through. What the server answers proves nothing, for a forged packet is answered
    /// too: only what the client says next does.
    var isExpendable: Bool {
        guard isInUse else { return false }
        if isTemplate {
            return control == 0 && (state == 0 || proto == .udp && packetCount <= 1)
        }
        return switch proto {
        case .tcp: TCPState(rawValue: state).isExpendable
        case .sctp: SCTPState(rawValue: state).isExpendable
        default: packetCount <= 1
        }
    }
}
