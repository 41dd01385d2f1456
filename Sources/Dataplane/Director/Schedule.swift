// A packet that belongs to no connection opens one: the scheduler of its virtual server chooses a
// real server, an entry is made and bound to it (ip_vs_schedule and ip_vs_conn_new, ip_vs_core.c
// and ip_vs_conn.c). Whether the packet may open one at all is `TransportEvent.opening`'s to say.
//
// Invariant: an entry is bound to its server before anything else happens, so that the next request
// finds it in the server's counts.

import Wire

package enum ScheduleOutcome: Hashable, Sendable {
    case connection(ConnectionIndex)
    /// No server may take it: ip_vs_leave decides between bypass, passing on and an ICMP error.
    case refused
    /// Not for scheduling: the packet goes on as if there were no virtual server.
    case ignored
    /// The table is full.
    case dropped
}

extension ConnectionTable {
    /// Source port of active FTP's data connections, which the server opens.
    private static var ftpDataPort: Port { Port(20) }

    /// Makes a connection for a packet of `flow`, which `virtualServer` was found for, or for an ICMP
    /// error about what would be an answer to it.
    package mutating func schedule(
        _ flow: ClientFlow<Address>, for virtualServer: VirtualServerIndex, isError: Bool = false,
        rules: inout DirectorRules
    ) -> ScheduleOutcome {
        guard flow.clientPort != Self.ftpDataPort else { return .ignored }
        let rule = rules[virtualServer].rule
        if let persistence = rule.persistence {
            return schedulePersistent(
                flow, for: virtualServer, persistence, isError: isError, rules: &rules)
        }
        if let port = rule.key.port, port != flow.virtualPort { return .refused }
        guard let server = choose(flow, virtualServer, isError: isError, rules: &rules)
        else { return .refused }
        let serverPort = rules[server].rule.port
        let index = add(
            flow, flags: rule.flags(of: flow.proto), server: server,
            serverPort: serverPort == Port(0) ? flow.virtualPort : serverPort, rules: &rules)
        guard let index else { return .dropped }
        rules.countConnection(virtualServer, server)
        return .connection(index)
    }

    /// Makes a connection that goes past all servers, to where the packet was sent
    /// (`cache_bypass`).
    package mutating func bypass(
        _ flow: ClientFlow<Address>, for virtualServer: VirtualServerIndex,
        rules: inout DirectorRules
    ) -> ConnectionIndex? {
        let rule = rules[virtualServer].rule
        return add(
            flow, flags: rule.flags(of: flow.proto), server: .none, serverPort: Port(0),
            rules: &rules)
    }

    /// The scheduler's choice. What an ICMP error quotes went to the client, and the kernel's schedulers
    /// by destination (dh, lblc, lblcr) go by where the quoted packet went.
    mutating func choose(
        _ flow: ClientFlow<Address>, _ virtualServer: VirtualServerIndex, isError: Bool,
        rules: inout DirectorRules
    ) -> RealServerIndex? {
        let request = SchedulingRequest(
            client: flow.client.mapped, clientPort: flow.clientPort,
            destination: isError ? flow.client.mapped : flow.virtual.mapped,
            destinationPort: flow.virtualPort,
            proto: flow.proto, now: now)
        return rules.schedule(virtualServer, request)
    }

    /// Makes an entry and binds it; nil when the table is full of what may not be evicted.
    mutating func add(
        _ flow: ClientFlow<Address>, flags: ConnectionFlags, server: RealServerIndex,
        serverPort: Port, timeout: UInt32? = nil, template: ConnectionIndex = .none,
        rules: inout DirectorRules
    ) -> ConnectionIndex? {
        guard count < countMax || evict(rules: &rules) else { return nil }
        var connection = Connection(flow, flags: flags)
        connection.realServer = server
        connection.serverPort = serverPort
        if let timeout { connection.timeout = timeout }
        if template != .none { connection.control = template.rawValue }
        if server == .none {
            connection.flags.formUnion(ConnectionFlags(.bypass, []))
        } else {
            let method = ConnectionFlags.Method(rules[server].rule.method)
            connection.flags.formUnion(
                ConnectionFlags(method, method == .masquerade ? [] : .noOutput))
            let address = rules[server].address
            let held = Address(mapped: address)
            if held.mapped == address { connection.server = held }
        }
        guard let index = insert(connection) else { return nil }
        if template != .none { connections[template.place].control &+= 1 }
        if server != .none {
            rules.bind(server, isTemplate: connection.isTemplate, isActive: false)
        }
        return index
    }
}

extension VirtualServerRule {
    /// Those of a new connection.
    func flags(of proto: IPProtocol) -> ConnectionFlags {
        isOnePacket && proto == .udp ? .onePacket : []
    }
}

extension VirtualServerKey {
    /// Nil in a service by mark.
    var port: Port? {
        if case .address(_, let port, _) = self { port } else { nil }
    }
}
