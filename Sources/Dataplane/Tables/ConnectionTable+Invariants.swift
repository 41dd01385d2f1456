// What must hold of a table between any two packets, and of the counts that it and the rules share.
// Walks everything: for tests and the simulator.

import Wire

extension ConnectionTable {
    /// Chains, wheel and templates are sound, and everything in use is found where it should be.
    package func checkInvariants() -> Bool {
        var (used, chained) = (0, 0)
        var controlled = [UInt32](repeating: 0, count: connections.count)
        for connection in connections where connection.isInUse {
            used += 1
            if !connection.isOnePacket { chained += 1 }
            guard connection.template != .none else { continue }
            let template = connection.template.place
            guard connections[template].isInUse, connections[template].isTemplate else {
                return false
            }
            controlled[template] += 1
        }
        for place in connections.indices where connections[place].isInUse {
            guard connections[place].controlledCount == controlled[place] else { return false }
        }
        return used == count && count <= countMax && chainedCount() == chained && isQueueSound()
            && wheel.checkInvariants(connections, count: count)
    }

    /// Connections in chains, each in the bucket of its hash; nil when one is elsewhere.
    private func chainedCount() -> Int? {
        var found = 0
        for bucket in 0..<bucketCount {
            var index = first(ofBucket: bucket)
            while index != .none {
                let connection = connections[index.place]
                let hash = hash(connection.proto, connection.client, connection.clientPort)
                guard connection.isInUse, self.bucket(of: hash) == bucket, found < count else {
                    return nil
                }
                found += 1
                index = connection.chain
            }
        }
        return found
    }

    /// The queue names each place that says so once, and whatever is expendable is in it.
    private func isQueueSound() -> Bool {
        let queued = connections.count { $0.flags.contains(.queued) }
        var (found, index) = (0, evictionQueue.first)
        while index != .none, found <= queued {
            guard connections[index.place].flags.contains(.queued) else { return false }
            found += 1
            index = connections[index.place].behind
        }
        return found == queued
            && connections.allSatisfy { !$0.isExpendable || $0.flags.contains(.queued) }
    }

    /// Adds what each server has in this table to its counts.
    package func tally(into counts: inout [ConnectionCounts]) {
        for connection in connections
        where connection.isInUse && connection.realServer != .none {
            let place = Int(connection.realServer.rawValue)
            if connection.isTemplate {
                counts[place].persistent += 1
            } else if connection.isActive {
                counts[place].active += 1
            } else {
                counts[place].inactive += 1
            }
        }
    }
}

/// How many connections a server has.
package struct ConnectionCounts: Hashable, Sendable {
    package var active: Int32 = 0
    package var inactive: Int32 = 0
    package var persistent: Int32 = 0

    package init() {}
}

extension DirectorRules {
    /// Whether every server's counts are those of both tables together.
    package func agrees(
        with connections4: borrowing ConnectionTable<IPv4Address>,
        and connections6: borrowing ConnectionTable<IPv6Address>
    ) -> Bool {
        var counts = [ConnectionCounts](repeating: ConnectionCounts(), count: servers.count)
        connections4.tally(into: &counts)
        connections6.tally(into: &counts)
        return zip(servers, counts).allSatisfy { server, count in
            server.activeCount == count.active && server.inactiveCount == count.inactive
                && server.persistentCount == count.persistent
                && server.referenceCount == count.active + count.inactive + count.persistent
        }
    }
}
