// One table of IPv4 connections over rules with a virtual server for each protocol, for tests that
// ask the table itself.

import Dataplane
import Testing
import Wire

struct ConnectionFixture: ~Copyable {
    static let virtual = IPv4Address(10, 0, 0, 1)
    static let port = Port(80)

    var rules = DirectorRules(key: HashKey(k0: 1, k1: 2))
    var table: ConnectionTable<IPv4Address>
    var now: UInt64 = 1_000_000

    /// Virtual servers of three servers each.
    init(
        countMax: Int = 4_096, method: ForwardingMethod = .masquerade,
        persistence: Persistence? = nil, isOnePacket: Bool = false, key: UInt64 = 3
    ) throws {
        table = ConnectionTable(key: HashKey(k0: key, k1: 4), countMax: countMax)
        for proto in [IPProtocol.tcp, .udp, .sctp] {
            let key = Self.key(proto)
            try rules.add(
                VirtualServerRule(
                    key, scheduler: .roundRobin, persistence: persistence,
                    isOnePacket: isOnePacket && proto == .udp))
            for server in 1...3 {
                try rules.add(Self.server(server, method), to: key)
            }
        }
        wait(0)
    }

    static func key(_ proto: IPProtocol) -> VirtualServerKey { .address(.v4(virtual), port, proto) }

    static func server(_ number: Int, _ method: ForwardingMethod = .masquerade) -> RealServerRule {
        RealServerRule(.v4(address(of: number)), port, method: method)
    }

    static func address(of server: Int) -> IPv4Address { IPv4Address(10, 2, 1, UInt8(server)) }

    static func flow(_ proto: IPProtocol, client: Int) -> ClientFlow<IPv4Address> {
        ClientFlow(
            proto, client: IPv4Address(rawValue: 0x0a01_0000 + UInt32(client / 60_000)),
            Port(UInt16(client % 60_000 + 1_024)), virtual: virtual, port)
    }

    mutating func wait(_ ticks: UInt64) {
        now += ticks
        table.expire(now: now, rules: &rules)
    }

    mutating func schedule(_ flow: ClientFlow<IPv4Address>) -> ScheduleOutcome {
        guard let virtualServer = rules.index(of: Self.key(flow.proto)) else { return .ignored }
        return table.schedule(flow, for: virtualServer, rules: &rules)
    }

    /// Opens a connection with a first packet.
    @discardableResult
    mutating func open(
        _ flow: ClientFlow<IPv4Address>, _ header: [UInt8] = StateMachine.tcp.header("syn")
    ) -> ConnectionIndex? {
        guard case .connection(let index) = schedule(flow) else { return nil }
        table.advance(index, TransportEvent(flow.proto, bytes: header), .input, rules: &rules)
        return index
    }

    /// The same, where it must succeed.
    mutating func opened(
        _ flow: ClientFlow<IPv4Address>, _ header: [UInt8] = StateMachine.tcp.header("syn")
    ) throws -> ConnectionIndex {
        let index = open(flow, header)
        return try #require(index)
    }

    /// A packet of a connection that is there.
    mutating func send(
        _ index: ConnectionIndex, _ event: TransportEvent, _ direction: ConnectionDirection = .input
    ) {
        table.advance(index, event, direction, rules: &rules)
    }

    func entry(_ flow: ClientFlow<IPv4Address>) -> ConnectionEntry? {
        table.entries(rules).first {
            $0.proto == flow.proto && $0.clientPort == flow.clientPort
                && $0.client == .v4(flow.client)
        }
    }

    func isSound() -> Bool {
        var counts = [ConnectionCounts](repeating: ConnectionCounts(), count: rules.servers.count)
        table.tally(into: &counts)
        let agrees = zip(rules.servers, counts).allSatisfy { server, count in
            server.activeCount == count.active && server.inactiveCount == count.inactive
                && server.persistentCount == count.persistent
        }
        return table.checkInvariants() && agrees
    }
}
