// What a director knows of a packet, asked by people: which connection it belongs to, of which virtual
// server and real server, in which state. For verdicts on single packets in a replay; nothing on the
// packet path comes here.
//
// The table is asked after the packet was judged, so what is told is what the packet led to. A
// connection of one packet is in no table, and only its virtual server is known.

import Wire

public struct DirectorSight: Hashable, Sendable {
    /// Sent by the client rather than by the real server.
    public var isRequest: Bool
    /// Nil if the virtual server was deleted since.
    public var virtualServer: VirtualServerKey?
    /// The address and port that the connection is shared out to; nil when it bypasses all.
    public var server: IPAddress?
    public var serverPort: Port
    /// How the connection's packets go to the server; nil without one.
    public var method: ForwardingMethod?
    /// As `ipvsadm -Lnc` names it; nil without a connection.
    public var stateName: String?
}

extension Director {
    /// What is known of a packet by its header. Addresses in the mapped form.
    public func sight(
        _ proto: IPProtocol, from source: IPv6Address, _ sourcePort: Port,
        to destination: IPv6Address, _ destinationPort: Port
    ) -> DirectorSight? {
        let mark = rules.mark(
            proto: proto, destination: destination, destinationPort: destinationPort)
        let found =
            source.isIPv4Mapped
            ? sight(in: connections4, proto, source, sourcePort, destination, destinationPort)
            : sight(in: connections6, proto, source, sourcePort, destination, destinationPort)
        if let found { return found }
        let virtualServer = rules.find(
            mark: mark, isIPv4: source.isIPv4Mapped, proto: proto, destination: destination,
            destinationPort: destinationPort)
        guard let virtualServer else { return nil }
        return DirectorSight(
            isRequest: true, virtualServer: rules[virtualServer].rule.key, server: nil,
            serverPort: Port(0), stateName: nil)
    }

    private func sight<Address: FlowAddress>(
        in table: borrowing ConnectionTable<Address>, _ proto: IPProtocol,
        _ source: IPv6Address, _ sourcePort: Port, _ destination: IPv6Address,
        _ destinationPort: Port
    ) -> DirectorSight? {
        let flow = ClientFlow(
            proto, client: Address(mapped: source), sourcePort,
            virtual: Address(mapped: destination), destinationPort)
        let request = table.find(incoming: flow)
        let index =
            request
            ?? table.find(
                outgoing: proto, server: Address(mapped: source), sourcePort,
                client: Address(mapped: destination), destinationPort)
        guard let index else { return nil }
        var sight = DirectorSight(
            isRequest: request != nil, virtualServer: nil, server: nil, serverPort: Port(0),
            stateName: table.stateName(of: index))
        let server = table.server(of: index)
        guard server != .none else { return sight }
        sight.virtualServer = rules[server].virtualServer
        sight.server = rules[server].rule.address
        let view = table.view(index, rules)
        sight.serverPort = view.serverPort
        if case .server(let method) = view.method { sight.method = method }
        return sight
    }
}
