// The short way of a director, for the packet that nearly all packets are: of a connection that is
// there, with nothing to be answered or cut before it is known where it goes.
//
// A stretch of frames is looked at, then buckets, connections and servers are read for all of them, so
// that the waits on memory overlap; then each packet has its turn, in order. Invariant: what is read
// ahead is used for nothing but having been read; packets take their turns in order, and a frame that
// must go the general way after all takes it untouched and in its turn.

import Wire

/// What tables lend while packets go the short way: arrays that nobody else may ask meanwhile, so that
/// nothing counts references for each packet.
struct LentTables: ~Copyable {
    fileprivate var connections4: [Connection<IPv4Address>] = []
    fileprivate var connections6: [Connection<IPv6Address>] = []
    fileprivate var virtualServers: [VirtualServer] = []
    fileprivate var servers: [RealServer] = []
    /// Room for what is known of a stretch of frames.
    fileprivate var glances = [Glance](repeating: Glance(), count: Limits.stretchFrameCount)
    fileprivate var reaches4 = [Reach](repeating: Reach(), count: Limits.stretchFrameCount)
    fileprivate var reaches6 = [Reach](repeating: Reach(), count: Limits.stretchFrameCount)

    /// Takes the tables of one family from the director, or gives them back.
    @inline(__always)
    fileprivate mutating func exchange4(_ director: inout Director) {
        swap(&connections4, &director.connections4.connections)
        director.core.rules.exchange(&virtualServers, &servers)
    }

    @inline(__always)
    fileprivate mutating func exchange6(_ director: inout Director) {
        swap(&connections6, &director.connections6.connections)
        director.core.rules.exchange(&virtualServers, &servers)
    }
}

/// Looks at frames from `first` on, `count` of them, and reads ahead for them.
func lookAhead(
    from first: Int, count: Int, _ lent: inout LentTables, _ work: inout Work,
    _ director: borrowing Director
) {
    work.glance(
        at: first..<first &+ count, &lent.glances, director.connections4.key, director.core)
    readAhead(&lent.glances, count, &lent.reaches4, &lent.reaches6, director)
}

/// Reads ahead what packets will want, the packets of one family after those of the other.
@inline(never)
private func readAhead(
    _ glances: inout [Glance], _ count: Int, _ reaches4: inout [Reach],
    _ reaches6: inout [Reach], _ director: borrowing Director
) {
    let glances = glances.span
    var reaches4 = reaches4.mutableSpan
    var reaches6 = reaches6.mutableSpan
    var (count4, count6) = (0, 0)
    for position in 0..<count where glances[position].way != .long {
        let (hash, port) = (glances[position].hash, glances[position].clientPort)
        if glances[position].way.isIPv4 {
            reaches4[count4] = director.connections4.reach(hash, clientPort: port)
            count4 &+= 1
        } else {
            reaches6[count6] = director.connections6.reach(hash, clientPort: port)
            count6 &+= 1
        }
    }
    let servers = director.core.rules.servers.span
    let virtualServers = director.core.rules.virtualServers.span
    director.connections4.prefetch(&reaches4, count4, servers, virtualServers)
    director.connections6.prefetch(&reaches6, count6, servers, virtualServers)
}

/// Leads frames the short way, from one position of the stretch that starts at `first` up to `end`;
/// the position of the first that does not go there.
func goShort(
    _ first: Int, from start: Int, to end: Int, _ lent: inout LentTables,
    _ director: inout Director, _ work: inout Work, _ ledger: inout Ledger
) -> Int {
    var position = start
    while position < end {
        let stop: ShortStop
        switch lent.glances[position].way {
        case .long: return position
        case .request4, .reply4:
            lent.exchange4(&director)
            stop = settle(
                position..<end, &lent.glances, &lent.connections4, &lent.virtualServers,
                &lent.servers, director.connections4, director.core, now: work.seconds)
            lent.exchange4(&director)
            work.write(IPv4Address.self, position..<stop.position, first, &lent.glances)
            wrap(
                IPv4Address.self, position..<stop.position, first, stop, lent.glances,
                director.connections4, &director.core, &work, &ledger)
            director.connections4.follow(stop, rules: &director.core.rules)
        case .request6, .reply6:
            lent.exchange6(&director)
            stop = settle(
                position..<end, &lent.glances, &lent.connections6, &lent.virtualServers,
                &lent.servers, director.connections6, director.core, now: work.seconds)
            lent.exchange6(&director)
            work.write(IPv6Address.self, position..<stop.position, first, &lent.glances)
            wrap(
                IPv6Address.self, position..<stop.position, first, stop, lent.glances,
                director.connections6, &director.core, &work, &ledger)
            director.connections6.follow(stop, rules: &director.core.rules)
        }
        guard stop.position > position else { return position }
        let count = UInt64(
            truncatingIfNeeded: stop.position &- position &- stop.tunnelledCount)
        ledger.received &+= count
        ledger.transmittedToLinks &+= count
        position = stop.position
    }
    return position
}

/// Sends packets through their tunnels, in the way that all packets go there.
@inline(__always)
private func wrap<Address: ShortAddress>(
    _ family: Address.Type, _ range: Range<Int>, _ first: Int, _ stop: ShortStop,
    _ glances: borrowing [Glance], _ table: borrowing ConnectionTable<Address>,
    _ core: inout DirectorCore, _ work: inout Work, _ ledger: inout Ledger
) {
    guard stop.tunnelledCount > 0 else { return }
    for position in range where glances[position].isTunnelled {
        var frame = work.frames[first &+ position]
        var packet = Address.packet(glances[position], in: work.bytes(of: frame))
        let view = table.view(glances[position].connection, core.rules)
        frame.verdict = forward(
            &frame, &packet, view, &work, &core.host, core.rules.settings)
        work.frames[first &+ position] = frame
        ledger.enter(frame)
    }
}

extension ConnectionTable {
    @inline(__always)
    fileprivate mutating func follow(_ stop: ShortStop, rules: inout DirectorRules) {
        guard !stop.consequence.isEmpty else { return }
        follow(stop.consequence, stop.connection, stop.direction, rules: &rules)
    }
}
