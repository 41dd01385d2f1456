// Defences against floods: `drop_packet` drops one of so many packets that would open a connection,
// `drop_entry` ends connections at random that show no sign of a client behind them
// (update_defense_level of ip_vs_ctl.c, ip_vs_random_dropentry of ip_vs_conn.c).
//
// What the kernel makes depend on free memory depends on free places here: room is short from seven
// eighths of the table on. Chance comes from a keyed counter, so that a replay repeats itself.

import Wire

/// The countdown of `drop_packet`. One for all tables of a director.
package struct PacketDefence: Hashable, Sendable {
    private var counter: Int64 = 0

    package init() {}

    /// Whether a packet that would open a connection is dropped (ip_vs_todrop). To be asked once
    /// per such packet, after its virtual server was found.
    package mutating func dropsPacket(_ settings: DirectorSettings, _ room: TableRoom) -> Bool {
        let rate = rate(settings, room)
        guard rate > 0 else { return false }
        counter -= 1
        guard counter <= 0 else { return false }
        counter = rate
        return true
    }

    /// Drops one packet of so many; 0 is none.
    private func rate(_ settings: DirectorSettings, _ room: TableRoom) -> Int64 {
        switch settings.dropPacket {
        case 0: 0
        case 3: Int64(settings.amDroprate)
        default: room.isShort ? Int64(room.threshold / (room.threshold - room.freeCount)) : 0
        }
    }
}

/// How much room a table has left.
package struct TableRoom: Hashable, Sendable {
    package var freeCount: Int
    /// Room is short below this.
    package var threshold: Int

    package init(freeCount: Int, threshold: Int) {
        self.freeCount = freeCount
        self.threshold = threshold
    }

    var isShort: Bool { freeCount < threshold }
}

/// What `drop_entry` keeps.
struct EntryDefence {
    /// The tick of the next round.
    var nextRound: UInt64 = 0
    var roundCount: UInt64 = 0
    /// Of connections with so many packets, how many are passed over before the next is taken.
    var passes: InlineArray<9, UInt8> = .init(repeating: 0)

    /// Rounds that are made up for after a long time without packets.
    static var roundCountMax: Int { 64 }
    static var ticksPerRound: UInt64 { 100 }
}

extension ConnectionTable {
    package var room: TableRoom {
        TableRoom(freeCount: countMax - count, threshold: countMax / 8)
    }

    /// Makes the rounds of `drop_entry` that have become due, one each second. To be called after
    /// `expire`.
    @inline(__always)
    package mutating func defend(rules: inout DirectorRules) {
        guard now >= defence.nextRound else { return }
        defendNow(rules: &rules)
    }

    private mutating func defendNow(rules: inout DirectorRules) {
        let setting = rules.settings.dropEntry
        let due = (now - defence.nextRound) / EntryDefence.ticksPerRound + 1
        let isFirst = defence.nextRound == 0
        defence.nextRound = isFirst ? now + 100 : defence.nextRound + due * 100
        guard setting == 3 || setting != 0 && room.isShort, !isFirst else { return }
        for _ in 0..<min(Int(due), EntryDefence.roundCountMax) { defendOnce(rules: &rules) }
    }

    /// One round: as many buckets as a thirty-second of all, drawn with repetition.
    private mutating func defendOnce(rules: inout DirectorRules) {
        for draw in 0..<UInt64(bucketCount / 32) {
            let random = FoldedMultiply.hash(draw, defence.roundCount, key)
            let bucket = Int(random.multipliedFullWidth(by: UInt64(bucketCount)).high)
            var index = first(ofBucket: bucket)
            while index != .none {
                let after = connections[index.place].chain
                if isToDrop(index, rules) {
                    let hasTemplate = connections[index.place].template != .none
                    end(index, withTemplate: hasTemplate, rules: &rules)
                    // The template may have been the next.
                    if hasTemplate { break }
                }
                index = after
            }
        }
        defence.roundCount &+= 1
    }

    private mutating func isToDrop(
        _ index: ConnectionIndex, _ rules: borrowing DirectorRules
    ) -> Bool {
        let connection = connections[index.place]
        if connection.isTemplate {
            guard connection.control == 0 else { return false }
            if isOfOnePacketService(connection, rules) { return isIdle(connection) }
            return connection.state == 0
        }
        switch connection.proto {
        case .tcp:
            return switch TCPState(rawValue: connection.state) {
            case .synReceived, .synAck: true
            case .established: isIdle(connection)
            default: false
            }
        case .sctp:
            return switch SCTPState(rawValue: connection.state) {
            case .initiated, .initiatedAgain: true
            case .established: isIdle(connection)
            default: false
            }
        default: return isIdle(connection)
        }
    }

    private func isOfOnePacketService(
        _ connection: Connection<Address>, _ rules: borrowing DirectorRules
    ) -> Bool {
        let server = connection.realServer
        guard server != .none, rules[server].owner != .none else { return false }
        return rules[rules[server].owner].rule.isOnePacket
    }

    /// Silent for a minute after one to eight packets, and its turn among those with as many.
    private mutating func isIdle(_ connection: Connection<Address>) -> Bool {
        let left = max(0, wheel.ticks(to: connection.deadline))
        let packetCount = Int(connection.packetCount)
        guard Int64(connection.timeout) - Int64(left) >= 6_000, 1...8 ~= packetCount else {
            return false
        }
        if defence.passes[packetCount] > 1 {
            defence.passes[packetCount] -= 1
            return false
        }
        defence.passes[packetCount] = UInt8(packetCount)
        return true
    }
}
