// A director's connections of one family, found by protocol, client address and client port, so
// that one entry serves both directions as in ip_vs_conn.c. Linear hashing (Litwin, 1980): the
// table grows by one bucket at a time and no insertion ever moves more than two chains.
//
// Invariant: every connection in use stands in the timing wheel, and, unless it is for one packet
// only, in the chain of its bucket, the newest first. Memory is set aside for `countMax` at the
// start and touched as the table fills; the packet path allocates nothing. When the table is full
// a new connection takes the place of one that never got past its opening (`EvictionQueue`), and
// is refused if there is none: an established connection is never evicted.

import Wire

package struct ConnectionTable<Address: FlowAddress>: ~Copyable {
    var connections: [Connection<Address>] = []
    /// The first connection of each bucket; seven buckets for four places.
    private var buckets: [ConnectionIndex]
    /// One less than a power of two: at least all buckets, less than twice as many.
    private var mask: Int
    private var free = ConnectionIndex.none
    var wheel = TimingWheel()
    let key: HashKey
    package let countMax: Int
    package private(set) var count = 0
    var evictionQueue = EvictionQueue()
    var defence = EntryDefence()

    package init(key: HashKey, countMax: Int) {
        precondition(countMax > 0 && countMax < Int(UInt32.max))
        self.key = key
        self.countMax = countMax
        buckets = [ConnectionIndex](repeating: .none, count: Self.bucketCountInitial)
        buckets.reserveCapacity(max(countMax / 4 * 7 + 7, Self.bucketCountInitial))
        connections.reserveCapacity(countMax)
        mask = Self.bucketCountInitial - 1
    }

    static var bucketCountInitial: Int { 256 }

    /// The tick that `expire` was last told.
    package var now: UInt64 { wheel.clock }

    package var byteCount: Int {
        connections.count * MemoryLayout<Connection<Address>>.stride
            + buckets.count * MemoryLayout<ConnectionIndex>.stride + wheel.byteCount
    }

    /// Room is short: seven of eight places are taken. Stands for the kernel's memory running low.
    @inline(__always)
    var isCrowded: Bool { count > countMax &- countMax / 8 }

    var bucketCount: Int { buckets.count }

    /// Replaces buckets by their first connections.
    @inline(__always)
    func readBuckets(_ reaches: inout MutableSpan<Reach>) {
        let buckets = buckets.span
        for index in reaches.indices { buckets.prefetch(Int(reaches[index].place)) }
        for index in reaches.indices {
            let bucket = Int(reaches[index].place)
            reaches[index].place = bucket < buckets.count ? buckets[bucket].rawValue : .max
        }
    }

    func first(ofBucket bucket: Int) -> ConnectionIndex { buckets[bucket] }

    /// The bucket of a hash: the half of the buckets not yet split share those of the other half.
    @inline(__always)
    func bucket(of hash: UInt64) -> Int {
        let wide = Int(truncatingIfNeeded: hash) & mask
        return wide < buckets.count ? wide : wide & (mask &>> 1)
    }

    @inline(__always)
    func hash(_ proto: IPProtocol, _ client: Address, _ clientPort: Port) -> UInt64 {
        connectionHash(proto, client, clientPort, key)
    }

    /// Puts a connection in, with its first deadline; nil when there is no place.
    mutating func insert(_ connection: Connection<Address>) -> ConnectionIndex? {
        let index: ConnectionIndex
        if free != .none {
            index = free
            let before = connections[index.place]
            free = before.chain
            connections[index.place] = connection
            connections[index.place].behind = before.behind
            connections[index.place].flags.formUnion(before.flags)
        } else {
            guard connections.count < countMax else { return nil }
            index = ConnectionIndex(connections.count)
            connections.append(connection)
            while buckets.count &* 4 < connections.count &* 7 { splitBucket() }
        }
        count &+= 1
        connections[index.place].deadline = wheel.deadline(in: connection.timeout)
        wheel.link(index, in: &connections)
        if !connection.isOnePacket { chain(index) }
        evictionQueue.append(index, in: &connections)
        return index
    }

    /// Takes a connection out; nothing may name it any more.
    mutating func remove(_ index: ConnectionIndex) {
        wheel.unlink(index, in: &connections)
        if !connections[index.place].isOnePacket { unchain(index) }
        connections[index.place].flags.formIntersection(.queued)
        connections[index.place].chain = free
        free = index
        count &-= 1
    }

    private mutating func chain(_ index: ConnectionIndex) {
        let bucket = bucket(of: hash(of: index))
        connections[index.place].chain = buckets[bucket]
        buckets[bucket] = index
    }

    private mutating func unchain(_ index: ConnectionIndex) {
        let bucket = bucket(of: hash(of: index))
        let after = connections[index.place].chain
        guard buckets[bucket] != index else {
            buckets[bucket] = after
            return
        }
        var before = buckets[bucket]
        while before != .none, connections[before.place].chain != index {
            before = connections[before.place].chain
        }
        if before != .none { connections[before.place].chain = after }
    }

    @inline(__always)
    private func hash(of index: ConnectionIndex) -> UInt64 {
        let connection = connections[index.place]
        return hash(connection.proto, connection.client, connection.clientPort)
    }

    /// Adds a bucket and moves to it what belongs there, in the order it had.
    private mutating func splitBucket() {
        let target = buckets.count
        if target > mask { mask = mask &<< 1 | 1 }
        let source = target & (mask &>> 1)
        buckets.append(.none)
        var index = buckets[source]
        var (kept, moved) = (ConnectionIndex.none, ConnectionIndex.none)
        buckets[source] = .none
        while index != .none {
            let after = connections[index.place].chain
            connections[index.place].chain = .none
            if Int(truncatingIfNeeded: hash(of: index)) & mask == target {
                append(index, to: target, after: moved)
                moved = index
            } else {
                append(index, to: source, after: kept)
                kept = index
            }
            index = after
        }
    }

    private mutating func append(
        _ index: ConnectionIndex, to bucket: Int, after last: ConnectionIndex
    ) {
        if last == .none {
            buckets[bucket] = index
        } else {
            connections[last.place].chain = index
        }
    }
}
