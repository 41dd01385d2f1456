// The turns of packets on a director's short way, one after the other: find the connection, see whether
// the short way leads on, and if it does take the packet into account.
//
// Invariant: what the general way would ask of tables, rules and host is asked here, in the packet's
// turn; nothing is changed before it is settled that the packet can go the short way. `read ahead` is
// nobody's answer.

import Wire

/// How far packets went the short way, and what the last of them means beyond its connection.
struct ShortStop {
    var position: Int
    /// Packets among them that are for a tunnel.
    var tunnelledCount = 0
    var connection = ConnectionIndex.none
    var direction = ConnectionDirection.input
    var consequence: ConnectionConsequence = []
}

/// What does not change between packets that follow one another.
private struct Circumstances {
    let settings: DirectorSettings
    let isSecure: Bool
    /// The reply's hook, which sees packets for the host first, would do nothing, for what it looks for
    /// has an address of the host for its client; and no real server is the host.
    let isRequestSimple: Bool
    let tick: UInt32
    /// In seconds.
    let now: UInt32
}

/// Settles packets of one family, as many as follow one another.
@inline(never)
func settle<Address: ShortAddress>(
    _ range: Range<Int>, _ glances: inout [Glance], _ connections: inout [Connection<Address>],
    _ virtualServers: inout [VirtualServer], _ servers: inout [RealServer],
    _ table: borrowing ConnectionTable<Address>, _ core: borrowing DirectorCore, now: UInt32
) -> ShortStop {
    let circumstances = Circumstances(
        settings: core.rules.settings, isSecure: table.isSecure(core.rules.settings),
        isRequestSimple: !core.hasOwnClients && !core.hasOwnServers
            && !core.rules.settings.natICMPSend,
        tick: table.wheel.tick, now: now)
    var glances = glances.mutableSpan
    var connections = connections.mutableSpan
    var virtualServers = virtualServers.mutableSpan
    var servers = servers.mutableSpan
    var stop = ShortStop(position: range.lowerBound)
    while stop.position < range.upperBound {
        let way = glances[stop.position].way
        guard way == Address.request || way == Address.reply else { break }
        let index =
            glances[stop.position].way.isRequest
            ? glances[stop.position].settleRequest(
                connections.span, servers.span, circumstances, table, core)
            : glances[stop.position].settleReply(connections.span, table, core)
        guard index != .none else { break }
        let isRequest = glances[stop.position].way.isRequest
        count(
            glances[stop.position], of: connections[index.place].realServer, &virtualServers,
            &servers)
        let direction: ConnectionDirection = isRequest ? .input : .output
        let consequence: ConnectionConsequence
        if glances[stop.position].isAcknowledgment,
            connections[index.place].isEstablished(direction)
        {
            consequence = connections[index.place].acknowledge(
                direction, circumstances.settings, circumstances.tick)
        } else {
            consequence = connections[index.place].advance(
                glances[stop.position].event, direction, circumstances.settings,
                isSecure: circumstances.isSecure, circumstances.tick)
        }
        if glances[stop.position].isTunnelled { stop.tunnelledCount &+= 1 }
        stop.position &+= 1
        guard consequence.isEmpty else {
            stop.connection = index
            stop.direction = direction
            stop.consequence = consequence
            break
        }
    }
    return stop
}

/// Counts a packet for its server and virtual server. Deleted ones count no more.
@inline(__always)
private func count(
    _ glance: Glance, of server: RealServerIndex,
    _ virtualServers: inout MutableSpan<VirtualServer>, _ servers: inout MutableSpan<RealServer>
) {
    let place = Int(server.rawValue)
    guard servers[place].isAvailable else { return }
    let owner = Int(servers[place].owner.rawValue)
    if glance.way.isRequest {
        servers[place].counters.incoming.add(glance.byteCount)
        virtualServers[owner].counters.incoming.add(glance.byteCount)
    } else {
        servers[place].counters.outgoing.add(glance.byteCount)
        virtualServers[owner].counters.outgoing.add(glance.byteCount)
    }
}

extension Glance {
    /// Settles where a client's packet goes; its connection, `.none` if it does not go the short way.
    @inline(__always)
    fileprivate mutating func settleRequest<Address: ShortAddress>(
        _ connections: Span<Connection<Address>>, _ servers: Span<RealServer>,
        _ circumstances: Circumstances, _ table: borrowing ConnectionTable<Address>,
        _ core: borrowing DirectorCore
    ) -> ConnectionIndex {
        guard circumstances.isRequestSimple else { return .none }
        let flow = ClientFlow(
            proto, client: Address.source(of: self), sourcePort,
            virtual: Address.destination(of: self), destinationPort)
        guard let index = table.find(incoming: flow, hash: hash, connections) else { return .none }
        let server = connections[index.place].realServer
        let method = connections[index.place].method
        guard server != .none, method != .bypass,
            servers[Int(server.rawValue)].isAvailable
        else { return .none }
        isTunnelled = method == .tunnel
        connection = index
        // What becomes of it in a tunnel is settled when it is wrapped.
        if isTunnelled { return index }
        let target = connections[index.place].server
        link = core.host.link(to: target.mapped)
        let mtu = core.host.mtu(to: target.mapped, by: link, now: circumstances.now)
        guard byteCount <= mtu else { return .none }
        isRewritten = method == .masquerade
        port = connections[index.place].serverPort
        Address.set(&self, target)
        return index
    }

    /// The same for a server's packet.
    @inline(__always)
    fileprivate mutating func settleReply<Address: ShortAddress>(
        _ connections: Span<Connection<Address>>, _ table: borrowing ConnectionTable<Address>,
        _ core: borrowing DirectorCore
    ) -> ConnectionIndex {
        let client = Address.destination(of: self)
        guard
            let index = table.find(
                outgoing: proto, server: Address.source(of: self), sourcePort, client: client,
                destinationPort, hash: hash, connections),
            connections[index.place].realServer != .none,
            connections[index.place].method == .masquerade
        else { return .none }
        link = core.host.link(to: client.mapped)
        guard byteCount <= core.host.mtu(of: link) else { return .none }
        isTunnelled = false
        isRewritten = true
        port = connections[index.place].virtualPort
        Address.set(&self, connections[index.place].virtual)
        return index
    }
}
