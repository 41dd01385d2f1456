// A director made to measure: virtual servers on one address, real servers behind them, and clients
// whose TCP connections are established. The host has a link to the clients and one to the servers.
//
// Invariant: connection `i` is one and the same for ever: client, ports and virtual server follow
// from its number alone, and no two connections share a client's address and port.

import Dataplane
import Wire

public struct DirectorScenario: Equatable, Sendable {
    public var method = ForwardingMethod.masquerade
    public var scheduler = Scheduler.roundRobin
    public var serviceCount = 1_000
    /// Of each virtual server.
    public var serverCount = 4
    public var connectionCount = 10_000
    /// Of the Ethernet frame as a capture holds it.
    public var frameByteCount = 64

    public init(
        method: ForwardingMethod = .masquerade, scheduler: Scheduler = .roundRobin,
        serviceCount: Int = 1_000, serverCount: Int = 4, connectionCount: Int = 10_000
    ) {
        self.method = method
        self.scheduler = scheduler
        self.serviceCount = serviceCount
        self.serverCount = serverCount
        self.connectionCount = connectionCount
    }

    private static let virtual = IPv4Address(192, 0, 2, 11)
    private static let firstPort = 10_000
    private static let clientsPerAddress = 16

    var host: DirectorHost {
        let links = [("clients", "203.0.113.1/24"), ("servers", "10.0.0.1/8")].map {
            DirectorLink(name: $0, mtu: 1_500, prefixes: [IPPrefix($1)].compactMap { $0 })
        }
        return DirectorHost(links: links, ownAddresses: [.v4(Self.virtual)])
    }

    /// The rules of all virtual servers.
    func rules(_ key: HashKey) throws(RuleError) -> DirectorRules {
        var rules = DirectorRules(key: key)
        for service in 0..<serviceCount {
            let name = VirtualServerKey.address(.v4(Self.virtual), port(service), .tcp)
            try rules.add(VirtualServerRule(name, scheduler: scheduler))
            for server in 0..<serverCount {
                let number = UInt32(service * serverCount + server)
                let address = IPv4Address(rawValue: 0x0a01_0000 + number)
                try rules.add(
                    RealServerRule(.v4(address), serverPort(service), method: method), to: name)
            }
        }
        return rules
    }

    private func port(_ service: Int) -> Port { Port(UInt16(Self.firstPort + service)) }

    /// What the servers listen on: ports are mapped where they can be.
    private func serverPort(_ service: Int) -> Port {
        method == .masquerade ? Port(8080) : port(service)
    }

    private func client(_ connection: Int) -> (address: IPv4Address, port: Port) {
        let (address, port) = connection.quotientAndRemainder(dividingBy: Self.clientsPerAddress)
        return (
            IPv4Address(rawValue: 0x0b00_0000 + UInt32(truncatingIfNeeded: address)),
            Port(UInt16(40_000 + port))
        )
    }

    /// Writes a segment of a connection's client, as long as `bytes`.
    @_lifetime(bytes: copy bytes)
    func writeRequest(_ connection: Int, _ flags: TCPFlags, to bytes: inout MutableRawSpan) {
        let target = (address: Self.virtual, port: port(connection % serviceCount))
        write(from: client(connection), to: target, flags, &bytes)
    }

    /// Writes a segment of the server that a connection was given to.
    @_lifetime(bytes: copy bytes)
    func writeReply(
        _ connection: Int, from server: IPv4Address, _ flags: TCPFlags,
        to bytes: inout MutableRawSpan
    ) {
        let source = (address: server, port: serverPort(connection % serviceCount))
        write(from: source, to: client(connection), flags, &bytes)
    }

    @_lifetime(bytes: copy bytes)
    private func write(
        from source: (address: IPv4Address, port: Port),
        to destination: (address: IPv4Address, port: Port), _ flags: TCPFlags,
        _ bytes: inout MutableRawSpan
    ) {
        let transportByteCount =
            bytes.byteCount - EthernetFields.byteCount - IPv4Fields.byteCount
        EthernetFields(
            destination: MACAddress(rawValue: 0x0200_0000_0002),
            source: MACAddress(rawValue: 0x0200_0000_0001), etherType: .ipv4
        ).write(to: &bytes)
        var network = bytes.tail(from: EthernetFields.byteCount)
        IPv4Fields(
            source: source.address, destination: destination.address, proto: .tcp,
            payloadByteCount: transportByteCount
        ).write(to: &network)
        var transport = network.tail(from: IPv4Fields.byteCount)
        var fields = TCPFields(
            sourcePort: source.port, destinationPort: destination.port, flags: flags)
        fields.payloadByteCount = transportByteCount - TCPFields.byteCount
        fields.write(
            to: &transport,
            between: .v4(source: source.address, destination: destination.address))
    }
}
