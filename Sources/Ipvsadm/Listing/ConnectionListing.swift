// `ipvsadm -Lc`: the entries of the connection table, each with the time it has left, in the order in
// which they are handed over (the kernel's is that of a keyed hash).

import Dataplane
import Wire

/// An entry of the connection table, or a template.
public struct ListedConnection: Hashable, Sendable {
    /// 0 in the template of a service by mark.
    public var proto: IPProtocol
    public var client: IPAddress
    public var clientPort: Port
    /// In the template of a service by mark, the mark written as an address.
    public var virtual: IPAddress
    public var virtualPort: Port
    public var server: IPAddress
    public var serverPort: Port
    public var stateName: String
    public var expiresInSeconds: Int

    public init(
        _ proto: IPProtocol, client: IPAddress, _ clientPort: Port, virtual: IPAddress,
        _ virtualPort: Port, server: IPAddress, _ serverPort: Port, stateName: String,
        expiresInSeconds: Int
    ) {
        self.proto = proto
        self.client = client
        self.clientPort = clientPort
        self.virtual = virtual
        self.virtualPort = virtualPort
        self.server = server
        self.serverPort = serverPort
        self.stateName = stateName
        self.expiresInSeconds = expiresInSeconds
    }
}

struct ConnectionListing {
    let request: ListRequest
    let names: NameTable

    func text(_ connections: [ListedConnection]) -> String {
        let columns = "state".cell(11) + "source".cell(18) + "virtual".cell(18)
        let end =
            request.hasEngines
            ? "destination".cell(18) + "pe name".cell(16) + "pe_data" : "destination"
        return connections.reduce("IPVS connection entries\npro expire \(columns)\(end)\n") {
            $0 + line($1) + "\n"
        }
    }

    private func line(_ connection: ListedConnection) -> String {
        func endpoint(_ address: IPAddress, _ port: Port) -> String {
            names.text(address, port, connection.proto, isNumeric: request.isNumeric)
        }
        let proto = connection.proto.rawValue == 0 ? "IP" : "\(connection.proto)".uppercased()
        let seconds = max(0, connection.expiresInSeconds)
        func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time = "\(twoDigits(seconds / 60)):\(twoDigits(seconds % 60))"
        return proto.cell(3) + time.cell(6) + connection.stateName.cell(11)
            + endpoint(connection.client, connection.clientPort).cell(18)
            + endpoint(connection.virtual, connection.virtualPort).cell(18)
            + endpoint(connection.server, connection.serverPort)
    }
}
