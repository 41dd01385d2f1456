// Reading of the table ahead of its use: what the packets of a stretch will want is fetched for all of
// them together, so that the waits on memory overlap.
//
// How many reads are under way at a time depends on how few instructions lie between them, so each loop
// here does as little as it can, and nothing waits for what it reads. Invariant: nothing is changed, and
// what was read is nobody's answer: tables change before a packet's turn comes.

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

    /// Reads buckets, connections, and the servers of those. The result means nothing; it is there to
    /// be used, so that the reading is done.
    @inline(never)
    func readAhead(
        _ reaches: inout MutableSpan<Reach>, _ count: Int, _ servers: Span<RealServer>,
        _ virtualServers: Span<VirtualServer>
    ) -> UInt32 {
        var reaches = reaches._mutatingExtracting(0..<count)
        readBuckets(&reaches)
        let connections = connections.span
        var sum: UInt32 = 0
        for index in reaches.indices {
            let place = Int(reaches[index].place)
            guard place < connections.count else { continue }
            sum &+= connections[place].ends
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
                guard place < connections.count else { continue }
                sum &+= connections[place].ends
            }
        }
        for index in reaches.indices {
            let place = Int(reaches[index].place)
            guard place < connections.count else { continue }
            let server = Int(connections[place].realServer.rawValue)
            guard server < servers.count else { continue }
            sum &+= servers[server].ends
            let owner = Int(servers[server].owner.rawValue)
            guard owner < virtualServers.count else { continue }
            sum &+= virtualServers[owner].ends
        }
        return sum
    }
}
