// As much of a connection table as it takes to ask a scheduler what the kernel's was asked: entries in
// a dictionary, the TCP states and which of them count as active, no time. Slow, and plain enough to
// be read beside the table of states in ip_vs_proto_tcp.c.

import Dataplane
import Wire

struct ChoiceModel {
    struct Flow: Hashable {
        var proto: IPProtocol
        var client: IPv6Address
        var clientPort: Port
        var virtual: IPv6Address
        var virtualPort: Port
    }

    struct Entry {
        var server: RealServerIndex
        var state = State.none
        let isMasqueraded: Bool
        /// No reply was seen, and none is to be expected.
        var isOneSided: Bool
        var isActive = false
    }

    enum State: Int {
        case none, established, synSent, synReceived, finWait, timeWait, close, closeWait
        case lastAck, listen, synAck

        var isActive: Bool {
            [.established, .synSent, .synReceived, .synAck].contains(self)
        }
    }

    enum Outcome: Equatable {
        /// Left to the host, or dropped for want of a server.
        case unserved
        case served(RealServerIndex, isNew: Bool)
        /// The server was deleted.
        case lost
    }

    var rules = DirectorRules(key: HashKey(k0: 1, k1: 2))
    private(set) var entries: [Flow: Entry] = [:]
    /// Hundredths of a second.
    var now: UInt64 = 0
    var connReuseMode: UInt32 = 1
    var isSloppy = false
    var expiresWithoutServer = false

    mutating func receive(_ packet: TransportPacket) -> Outcome {
        let flow = Flow(
            proto: packet.proto, client: packet.source, clientPort: packet.sourcePort,
            virtual: packet.destination, virtualPort: packet.destinationPort)
        if let entry = entries[flow], isReplaced(entry, by: packet) { remove(flow) }
        guard entries[flow] == nil else { return proceed(flow, packet) }
        let isIPv4 = packet.destination.isIPv4Mapped
        let mark = rules.mark(
            proto: packet.proto, destination: packet.destination,
            destinationPort: packet.destinationPort)
        guard isOpening(packet),
            let service = rules.find(
                mark: mark, isIPv4: isIPv4, proto: packet.proto, destination: packet.destination,
                destinationPort: packet.destinationPort),
            let server = rules.schedule(
                service,
                SchedulingRequest(
                    client: packet.source, clientPort: packet.sourcePort,
                    destination: packet.destination, destinationPort: packet.destinationPort,
                    proto: packet.proto, now: now))
        else { return .unserved }
        let isMasqueraded = rules.servers[Int(server.rawValue)].rule.method == .masquerade
        entries[flow] = Entry(
            server: server, isMasqueraded: isMasqueraded, isOneSided: !isMasqueraded)
        rules.bind(server, isTemplate: false, isActive: false)
        rules.countConnection(service, server)
        advance(flow, packet, isReply: false)
        return .served(server, isNew: true)
    }

    /// A packet from the server's side.
    mutating func receiveReply(_ packet: TransportPacket) {
        for (flow, entry) in entries
        where flow.proto == packet.proto && flow.client == packet.destination
            && flow.clientPort == packet.destinationPort
        {
            let rule = rules.servers[Int(entry.server.rawValue)].rule
            let isOwn = !entry.isMasqueraded || rule.port == Port(0)
            let address = entry.isMasqueraded ? IPv6Address(rule.address) : flow.virtual
            let port = isOwn ? flow.virtualPort : rule.port
            if address == packet.source, port == packet.sourcePort {
                entries[flow]?.isOneSided = false
                advance(flow, packet, isReply: true)
            }
        }
    }

    /// What the kernel does when a server is deleted and expire_nodest_conn is set.
    mutating func expireWithoutServer() {
        guard expiresWithoutServer else { return }
        for (flow, entry) in entries where !isListed(entry.server) { remove(flow) }
    }

    private func isListed(_ server: RealServerIndex) -> Bool {
        rules.virtualServers.contains { $0.order.contains(server) }
    }

    private mutating func proceed(_ flow: Flow, _ packet: TransportPacket) -> Outcome {
        let entry = entries[flow]!
        guard isListed(entry.server) else { return .lost }
        advance(flow, packet, isReply: false)
        return .served(entry.server, isNew: false)
    }

    private func isOpening(_ packet: TransportPacket) -> Bool {
        packet.proto == .udp
            || packet.sourcePort != Port(20) && (packet.flags & 2 != 0 || isSloppy)
                && packet.flags & 4 == 0
    }

    private func isReplaced(_ entry: Entry, by packet: TransportPacket) -> Bool {
        guard packet.proto == .tcp, packet.flags & 2 != 0 else { return false }
        if expiresWithoutServer, rules.servers[Int(entry.server.rawValue)].rule.weight == 0 {
            return true
        }
        switch entry.state {
        case .timeWait, .close: return connReuseMode != 0
        case .finWait: return connReuseMode & 2 != 0 && entry.isOneSided
        default: return false
        }
    }

    private mutating func remove(_ flow: Flow) {
        guard let entry = entries.removeValue(forKey: flow) else { return }
        rules.unbind(entry.server, isTemplate: false, isActive: entry.isActive)
    }

    private mutating func advance(_ flow: Flow, _ packet: TransportPacket, isReply: Bool) {
        guard packet.proto == .tcp, var entry = entries[flow] else { return }
        let direction = isReply ? 1 : entry.isOneSided ? 2 : 0
        let event = [4, 2, 1, 16].firstIndex { packet.flags & $0 != 0 }
        let column = entry.state.rawValue
        entry.state = event.map { Self.table[direction][$0][column] } ?? .close
        rules.setActive(entry.server, from: entry.isActive, to: entry.state.isActive)
        entry.isActive = entry.state.isActive
        entries[flow] = entry
    }

    /// By direction (in, out, in where replies are not seen), event (RST, SYN, FIN, ACK) and state.
    private static let table: [[[State]]] = [
        [
            "CL CL CL SR CL CL CL CL LA LI SR", "SR ES ES SR SR SR SR SR SR SR SR",
            "CL CW SS TW TW TW CL CW LA LI TW", "ES ES SS ES FW TW CL CW CL LI ES",
        ],
        [
            "CL CL SS CL CL TW CL CL CL CL CL", "SS ES SS SR SS SS SS SS SS LI SR",
            "TW FW SS TW FW TW CL TW LA LI TW", "ES ES SS ES FW TW CL CW LA ES ES",
        ],
        [
            "CL CL CL SR CL CL CL CL LA LI CL", "SR ES ES SR SR SR SR SR SR SR SR",
            "CL FW SS TW FW TW CL CW LA LI TW", "ES ES SS ES FW TW CL CW CL LI ES",
        ],
    ].map { $0.map { row in row.split(separator: " ").map { names[String($0)]! } } }

    private static let names: [String: State] = [
        "NO": .none, "ES": .established, "SS": .synSent, "SR": .synReceived, "FW": .finWait,
        "TW": .timeWait, "CL": .close, "CW": .closeWait, "LA": .lastAck, "LI": .listen,
        "SA": .synAck,
    ]
}
