// Reading of the table ahead of its use: what the packets of a stretch will want is fetched for all of
// them together, so that the waits on memory overlap.
//
// How many fetches are under way at a time depends on how few instructions lie between them, so each
// loop here does as little as it can. Invariant: nothing is changed, and what was fetched is nobody's
// answer: tables change before a packet's turn comes.

import Wire

/// Where to read for one packet.
struct Reach: Sendable {
    /// A bucket's at first, then its first connection's.
    var place: UInt32 = 0
    private(set) var clientPort = Port(0)

    init() {}

    @inline(__always)
    init(bucket: Int, clientPort: Port) {
        place = UInt32(truncatingIfNeeded: bucket)
        self.clientPort = clientPort
    }
}

extension ConnectionTable {
    /// Where the search for a connection starts; the client's port is part of the hash.
    @inline(__always)
    func reach(_ hash: UInt64, clientPort: Port) -> Reach {
        Reach(bucket: bucket(of: hash), clientPort: clientPort)
    }

    /// Asks for the lines of buckets, connections, and the servers of those.
    @inline(never)
    func prefetch(
        _ reaches: inout MutableSpan<Reach>, _ count: Int, _ servers: Span<RealServer>,
        _ virtualServers: Span<VirtualServer>
    ) {
        var reaches = reaches._mutatingExtracting(0..<count)
        readBuckets(&reaches)
        let connections = connections.span
        for index in reaches.indices {
            let place = Int(reaches[index].place)
            if place < connections.count { connections.prefetchWhole(place) }
        }
        // One in four stands second in its bucket or later, one in twenty third or later.
        for _ in 0..<2 {
            for index in reaches.indices {
                var place = Int(reaches[index].place)
                guard place < connections.count,
                    connections[place].clientPort != reaches[index].clientPort
                else { continue }
                place = connections[place].chain.place
                reaches[index].place = UInt32(truncatingIfNeeded: place)
                if place < connections.count { connections.prefetchWhole(place) }
            }
        }
        for index in reaches.indices {
            let place = Int(reaches[index].place)
            guard place < connections.count else { continue }
            let server = Int(connections[place].realServer.rawValue)
            if server < servers.count { servers.prefetchWhole(server) }
        }
        for index in reaches.indices {
            let place = Int(reaches[index].place)
            guard place < connections.count else { continue }
            let server = Int(connections[place].realServer.rawValue)
            guard server < servers.count else { continue }
            let owner = Int(servers[server].owner.rawValue)
            if owner < virtualServers.count { virtualServers.prefetchWhole(owner) }
        }
    }
}
