// A connection as `ipvsadm -Lnc` lists it (/proc/net/ip_vs_conn), and the list of all of a table.
// For people and tests; packets never come here.

import Wire

public struct ConnectionEntry: Hashable, Sendable {
    /// 0 in the template of a service by mark.
    public var proto: IPProtocol
    public var client: IPAddress
    public var clientPort: Port
    /// In the template of a service by mark, the mark written as an address.
    public var virtual: IPAddress
    public var virtualPort: Port
    /// All zero in a connection that bypasses the servers.
    public var server: IPAddress
    public var serverPort: Port
    public var stateName: String
    /// Hundredths of a second until it ends, unless another packet comes.
    public var expiresInTicks: Int
    public var isTemplate: Bool

    public init(
        proto: IPProtocol, client: IPAddress, clientPort: Port, virtual: IPAddress,
        virtualPort: Port, server: IPAddress, serverPort: Port, stateName: String,
        expiresInTicks: Int, isTemplate: Bool = false
    ) {
        self.proto = proto
        self.client = client
        self.clientPort = clientPort
        self.virtual = virtual
        self.virtualPort = virtualPort
        self.server = server
        self.serverPort = serverPort
        self.stateName = stateName
        self.expiresInTicks = expiresInTicks
        self.isTemplate = isTemplate
    }
}

extension ConnectionTable {
    /// All entries, in the order of their places.
    package func entries(_ rules: borrowing DirectorRules) -> [ConnectionEntry] {
        connections.indices.filter { connections[$0].isInUse }
            .map { entry(ConnectionIndex($0), rules) }
    }

    private func entry(
        _ index: ConnectionIndex, _ rules: borrowing DirectorRules
    ) -> ConnectionEntry {
        let connection = connections[index.place]
        let isBypassing = connection.realServer == .none
        let server =
            isBypassing
            ? Address(mapped: IPv6Address(high: 0, low: 0)).mapped
            : rules[connection.realServer].address
        return ConnectionEntry(
            proto: connection.proto, client: connection.client.mapped.unmapped,
            clientPort: connection.clientPort, virtual: connection.virtual.mapped.unmapped,
            virtualPort: connection.virtualPort, server: server.unmapped,
            serverPort: connection.serverPort, stateName: stateName(of: index),
            expiresInTicks: max(0, Int(wheel.ticks(to: connection.deadline))),
            isTemplate: connection.isTemplate)
    }
}
