// `ipvsadm -Lc`: the entries of the connection table, each with the time it has left, in the order in
// which they are handed over (the kernel's is that of a keyed hash).

import Dataplane
import Wire

public struct ConnectionListing {
    let request: ListRequest
    let names: NameTable

    public init(_ request: ListRequest, names: NameTable = NameTable()) {
        self.request = request
        self.names = names
    }

    public func text(_ connections: [ConnectionEntry]) -> String {
        let columns = "state".cell(11) + "source".cell(18) + "virtual".cell(18)
        let end =
            request.hasEngines
            ? "destination".cell(18) + "pe name".cell(16) + "pe_data" : "destination"
        let title = "IPVS connection entries\npro expire \(columns)\(end)\n"
        return connections.reduce(into: title) { $0 += line($1) + "\n" }
    }

    private func line(_ connection: ConnectionEntry) -> String {
        func endpoint(_ address: IPAddress, _ port: Port) -> String {
            names.text(address, port, connection.proto, isNumeric: request.isNumeric)
        }
        let proto = connection.proto.rawValue == 0 ? "IP" : "\(connection.proto)".uppercased()
        let seconds = max(0, connection.expiresInTicks / 100)
        func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time = "\(twoDigits(seconds / 60)):\(twoDigits(seconds % 60))"
        return proto.cell(3) + time.cell(6) + connection.stateName.cell(11)
            + endpoint(connection.client, connection.clientPort).cell(18)
            + endpoint(connection.virtual, connection.virtualPort).cell(18)
            + endpoint(connection.server, connection.serverPort)
    }
}
