// What a replay through a director has to tell, as one value: the text and the JSON say the same.
//
// Field names are the JSON's. Invariant: everything but `performance` depends on the rules, the trace
// and the options alone, so the same replay gives the same report.

import Capture
import Dataplane
import Wire

public struct DirectorReport: Codable, Equatable, Sendable {
    /// Changes when a field changes its meaning or goes.
    public static let schemaCurrent = "weft.ipvs-replay/1"

    public var schema = DirectorReport.schemaCurrent
    public var rules: String
    public var input: String
    public var trace: Trace
    public var services: [Service]
    public var connections: Int
    public var drops: [ReplayReport.Drop]
    public var ledger: Ledger
    public var performance: ReplayReport.Performance

    public struct Trace: Codable, Equatable, Sendable {
        public var packets: UInt64
        public var bytes: UInt64
        public var seconds: Double
        public var replayed: UInt64
        /// Of these, aimed at a virtual service or made a real server's reply.
        public var aimed: UInt64
        /// Passed over because the filter did not match.
        public var filtered: UInt64
        /// Passed over because they came from the director's own addresses.
        public var host: UInt64
        /// Passed over because their link type carries no IP.
        public var unsupportedLink: UInt64
        /// What was cut off the end.
        public var truncation: String?
    }

    /// What `ipvsadm -L` and `--stats` show of a virtual server.
    public struct Service: Codable, Equatable, Sendable {
        /// `tcp 10.0.0.1:80`, `fwmark 7`, `fwmark 7 IPv6`.
        public var name: String
        public var scheduler: String
        /// In seconds; nil if clients are not remembered.
        public var persistence: UInt32?
        public var traffic: Traffic
        public var servers: [Server]
    }

    public struct Server: Codable, Equatable, Sendable {
        public var address: String
        /// `Masq`, `Route` or `Tunnel`.
        public var forward: String
        public var weight: Int32
        public var active: Int32
        public var inactive: Int32
        public var traffic: Traffic
    }

    public struct Traffic: Codable, Equatable, Sendable {
        public var connections: UInt64
        public var incoming: ReplayReport.Count
        public var outgoing: ReplayReport.Count
    }

    public struct Ledger: Codable, Equatable, Sendable {
        public var received: UInt64
        public var generated: UInt64
        public var transmitted: UInt64
        /// By the host's own stack, or by putting fragments together.
        public var consumed: UInt64
        public var dropped: UInt64
        public var held: UInt64
        public var isBalanced: Bool
    }

    /// The report of a finished replay of `input`.
    public init(_ replayer: borrowing DirectorReplayer, rules name: String, input: String) {
        let rules = replayer.runner.rules
        let sum = replayer.runner.ledger
        self.rules = name
        self.input = input
        trace = Trace(replayer.tally, replayed: replayer.runner.fedCount)
        trace.truncation = replayer.truncation.map { "\($0)" }
        services = rules.virtualServers.filter(\.isPresent).map { Service($0, rules) }
        connections = replayer.runner.connectionCount
        drops = ReplayReport.Drop.all(in: sum)
        ledger = Ledger(
            received: sum.received, generated: sum.generated, transmitted: sum.transmitted,
            consumed: sum.consumedCount, dropped: sum.droppedCount, held: sum.held,
            isBalanced: replayer.runner.checkInvariants())
        performance = ReplayReport.Performance(
            nanoseconds: replayer.runner.processingNanoseconds,
            packetCount: replayer.runner.fedCount)
        performance.connectionTableBytes = replayer.runner.connectionByteCount
    }
}

extension DirectorReport.Trace {
    fileprivate init(_ tally: TraceTally, replayed: UInt64) {
        self.init(
            packets: tally.packetCount, bytes: tally.byteCount,
            seconds: Double(tally.last - (tally.first ?? tally.last)) / 1e9, replayed: replayed,
            aimed: tally.aimedCount, filtered: tally[.filtered], host: tally[.host],
            unsupportedLink: tally[.unsupportedLink])
    }
}

extension DirectorReport.Service {
    fileprivate init(_ service: VirtualServer, _ rules: DirectorRules) {
        name = service.rule.key.text
        scheduler = service.rule.scheduler.rawValue
        persistence = service.rule.persistence?.timeoutSeconds
        traffic = DirectorReport.Traffic(service.counters)
        // The newest is first there; people expect the order of the rules.
        servers = service.order.reversed().map {
            DirectorReport.Server(rules.servers[Int($0.rawValue)])
        }
    }
}

extension DirectorReport.Server {
    fileprivate init(_ server: RealServer) {
        address = EndpointText.of(server.rule.address, server.rule.port)
        forward = server.rule.method.word
        weight = server.rule.weight
        active = server.activeCount
        inactive = server.inactiveCount
        traffic = DirectorReport.Traffic(server.counters)
    }
}

extension DirectorReport.Traffic {
    fileprivate init(_ counters: ServiceCounters) {
        connections = counters.connectionCount
        incoming = ReplayReport.Count(
            packets: counters.incoming.packetCount, bytes: counters.incoming.byteCount)
        outgoing = ReplayReport.Count(
            packets: counters.outgoing.packetCount, bytes: counters.outgoing.byteCount)
    }
}

extension ForwardingMethod {
    /// As `ipvsadm -L` says it.
    var word: String {
        switch self {
        case .masquerade: "Masq"
        case .directRouting: "Route"
        case .tunnel: "Tunnel"
        }
    }
}

enum EndpointText {
    /// `address:port`, IPv6 in brackets.
    static func of(_ address: IPAddress, _ port: Port) -> String {
        switch address {
        case .v4: "\(address):\(port)"
        case .v6: "[\(address)]:\(port)"
        }
    }

    /// Reads what `of` writes; nil for anything else.
    static func read(_ text: some StringProtocol) -> (address: IPAddress, port: Port)? {
        guard let colon = text.lastIndex(of: ":"), let port = Port(text[colon...].dropFirst())
        else { return nil }
        let host = text[..<colon]
        let isIPv6 = host.hasPrefix("[") && host.hasSuffix("]")
        guard let address = IPAddress(isIPv6 ? String(host.dropFirst().dropLast()) : String(host)),
            of(address, port).hasPrefix("[") == isIPv6
        else { return nil }
        return (address, port)
    }
}

extension VirtualServerKey {
    /// `tcp 10.0.0.1:80`, `fwmark 7`, `fwmark 7 IPv6`.
    var text: String {
        switch self {
        case .address(let address, let port, let proto):
            "\(proto) \(EndpointText.of(address, port))"
        case .mark(let mark, let isIPv4): "fwmark \(mark)" + (isIPv4 ? "" : " IPv6")
        }
    }
}
