// How packets find their connection, from either side, and what they then learn of it. The rules
// are those of ip_vs_conn_in_get, ip_vs_ct_in_get and ip_vs_conn_out_get (ip_vs_conn.c).

import Wire

extension ConnectionTable {
    /// The connection of a packet from a client. Client port 0 is the mark of templates: packets
    /// from it belong to no connection, and each of them is scheduled.
    @inline(__always)
    package func find(incoming flow: ClientFlow<Address>) -> ConnectionIndex? {
        guard flow.clientPort != Port(0) else { return nil }
        return find(
            incoming: flow, hash: hash(flow.proto, flow.client, flow.clientPort), connections.span)
    }

    /// The same, its hash known and the client port not 0, among connections that are lent.
    @inline(__always)
    func find(
        incoming flow: ClientFlow<Address>, hash: UInt64, _ connections: Span<Connection<Address>>
    ) -> ConnectionIndex? {
        var index = first(ofBucket: bucket(of: hash))
        while index != .none {
            if connections[index.place].matches(flow) { return index }
            index = connections[index.place].chain
        }
        return nil
    }

    /// The connection of a packet from a server: one of masquerading by the server's address and
    /// port, any other by the virtual one, which is what the server itself answers with.
    @inline(__always)
    package func find(
        outgoing proto: IPProtocol, server: Address, _ serverPort: Port, client: Address,
        _ clientPort: Port
    ) -> ConnectionIndex? {
        find(
            outgoing: proto, server: server, serverPort, client: client, clientPort,
            hash: hash(proto, client, clientPort), connections.span)
    }

    /// The same, its hash known, among connections that are lent.
    @inline(__always)
    func find(
        outgoing proto: IPProtocol, server: Address, _ serverPort: Port, client: Address,
        _ clientPort: Port, hash: UInt64, _ connections: Span<Connection<Address>>
    ) -> ConnectionIndex? {
        var index = first(ofBucket: bucket(of: hash))
        while index != .none {
            if connections[index.place].clientPort == clientPort,
                connections[index.place].client == client,
                connections[index.place].proto == proto,
                connections[index.place].answers(from: server, serverPort)
            {
                return index
            }
            index = connections[index.place].chain
        }
        return nil
    }

    /// The template of a client or network of clients.
    func find(template flow: ClientFlow<Address>) -> ConnectionIndex? {
        var index = first(ofBucket: bucket(of: hash(flow.proto, flow.client, flow.clientPort)))
        while index != .none {
            let connection = connections[index.place]
            if connection.isTemplate, connection.matches(flow) { return index }
            index = connection.chain
        }
        return nil
    }

    /// `.none` when the connection bypasses all servers.
    @inline(__always)
    package func server(of index: ConnectionIndex) -> RealServerIndex {
        connections[index.place].realServer
    }

    package func isTemplate(_ index: ConnectionIndex) -> Bool {
        connections[index.place].isTemplate
    }

    package func isOnePacket(_ index: ConnectionIndex) -> Bool {
        connections[index.place].isOnePacket
    }

    /// Whether it is a template that connections name.
    package func isControlling(_ index: ConnectionIndex) -> Bool {
        connections[index.place].controlledCount > 0
    }

    /// As `ipvsadm -Lnc` shows it.
    package func stateName(of index: ConnectionIndex) -> String {
        let connection = connections[index.place]
        if connection.isTemplate { return connection.state == 0 ? "NONE" : "ASSURED" }
        return switch connection.proto {
        case .tcp: TCPState.names[Int(connection.state)]
        case .sctp: SCTPState.names[Int(connection.state)]
        case .udp: "UDP"
        default: "NONE"
        }
    }

    /// What forwarding needs to know. A server of the other family is known to the rules only.
    @inline(__always)
    func view(_ index: ConnectionIndex, _ rules: borrowing DirectorRules) -> ConnectionView {
        let connection = connections[index.place]
        let virtual = connection.virtual.mapped
        var view = ConnectionView(
            client: connection.client.mapped, clientPort: connection.clientPort, virtual: virtual,
            virtualPort: connection.virtualPort, server: virtual,
            serverPort: connection.virtualPort, proto: connection.proto, method: .bypass)
        guard connection.realServer != .none else { return view }
        let server = connection.realServer
        view.server = rules[server].address
        view.serverPort = connection.serverPort
        view.method = .server(method(connection.method, rules[server].rule.method))
        return view
    }

    /// The method that the connection was made with; how a tunnel wraps is the rule's to say, which
    /// may have become one for something else since.
    @inline(__always)
    private func method(
        _ method: ConnectionFlags.Method, _ rule: ForwardingMethod
    ) -> ForwardingMethod {
        switch method {
        case .masquerade: .masquerade
        case .directRouting, .bypass: .directRouting
        case .tunnel:
            if case .tunnel = rule { rule } else { .tunnel(.ipip, .none) }
        }
    }
}
