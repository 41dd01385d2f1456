// Two connection tables and rules, driven as the kernel's hooks drive ip_vs: what a packet from a
// client finds or opens, and what one from a server finds. Nothing is forwarded.

import Dataplane
import Wire

struct FixtureDirector: ~Copyable {
    var rules = DirectorRules(key: HashKey(k0: 1, k1: 2))
    var connections4 = ConnectionTable<IPv4Address>(key: HashKey(k0: 3, k1: 4), countMax: 4_096)
    var connections6 = ConnectionTable<IPv6Address>(key: HashKey(k0: 5, k1: 6), countMax: 4_096)
    var defence = PacketDefence()
    var now: UInt64 = 1_000_000

    mutating func expire() {
        connections4.expire(now: now, rules: &rules)
        connections6.expire(now: now, rules: &rules)
    }

    mutating func run(_ command: FixtureCommand) throws {
        switch (command.words.first, command.key) {
        case ("-A", _?): try command.virtualServer.map { try rules.add($0) }
        case ("-E", _?): try command.virtualServer.map { try rules.edit($0) }
        case ("-D", let key?): try rules.delete(key)
        case ("-a", let key?): try command.server.map { try rules.add($0, to: key) }
        case ("-e", let key?): try command.server.map { try rules.edit($0, of: key) }
        case ("-d", let key?):
            try command.server.map { try rules.delete($0.address, $0.port, from: key) }
        case ("-C", nil): rules.deleteAll()
        case ("--set", nil):
            let seconds = command.words.dropFirst().compactMap(UInt32.init)
            if seconds[0] != 0 { rules.settings.tcpTimeout = seconds[0] }
            if seconds[1] != 0 { rules.settings.tcpFinTimeout = seconds[1] }
            if seconds[2] != 0 { rules.settings.udpTimeout = seconds[2] }
        default: break
        }
        if ["-d", "-D", "-C"].contains(command.words.first) {
            connections4.expireOfDeletedServers(rules: &rules)
            connections6.expireOfDeletedServers(rules: &rules)
        }
    }

    mutating func set(_ name: String, _ value: UInt32) {
        switch name {
        case "conn_reuse_mode": rules.settings.connReuseMode = value
        case "expire_nodest_conn": rules.settings.expireNodestConn = value != 0
        case "expire_quiescent_template": rules.settings.expireQuiescentTemplate = value != 0
        case "sloppy_tcp": rules.settings.sloppyTCP = value != 0
        case "sloppy_sctp": rules.settings.sloppySCTP = value != 0
        case "secure_tcp": rules.settings.secureTCP = value
        case "drop_packet": rules.settings.dropPacket = value
        case "am_droprate": rules.settings.amDroprate = value
        case "cache_bypass": rules.settings.cacheBypass = value != 0
        default: break
        }
    }

    mutating func receive(_ packet: FixturePacket, isFromServer: Bool) {
        guard packet.proto.hasPorts, let source = packet.port(0), let target = packet.port(2)
        else { return }
        let mark = rules.mark(
            proto: packet.proto, destination: IPv6Address(packet.destination),
            destinationPort: target)
        if mark != 0 || packet.isForHost {
            request(packet, source, target, mark: mark)
        } else if isFromServer {
            reply(packet, source, target)
        }
    }

    private mutating func request(
        _ packet: FixturePacket, _ source: Port, _ target: Port, mark: UInt32
    ) {
        let event = TransportEvent(packet.proto, bytes: packet.transport)
        let isIPv4 = if case .v4 = packet.destination { true } else { false }
        let service = rules.find(
            mark: mark, isIPv4: isIPv4, proto: packet.proto,
            destination: IPv6Address(packet.destination), destinationPort: target)
        // The kernel asks whether the address is its own for IPv4 only.
        let mayBypass = rules.settings.cacheBypass && mark != 0 && !(isIPv4 && packet.isForHost)
        switch (packet.source, packet.destination) {
        case (.v4(let client), .v4(let virtual)):
            connections4.take(
                ClientFlow(packet.proto, client: client, source, virtual: virtual, target), event,
                service, mayBypass: mayBypass, &rules, &defence)
        case (.v6(let client), .v6(let virtual)):
            connections6.take(
                ClientFlow(packet.proto, client: client, source, virtual: virtual, target), event,
                service, mayBypass: mayBypass, &rules, &defence)
        default: break
        }
    }

    private mutating func reply(_ packet: FixturePacket, _ source: Port, _ target: Port) {
        let event = TransportEvent(packet.proto, bytes: packet.transport)
        switch (packet.source, packet.destination) {
        case (.v4(let server), .v4(let client)):
            guard
                let index = connections4.find(
                    outgoing: packet.proto, server: server, source, client: client, target)
            else { return }
            connections4.advance(index, event, .output, rules: &rules)
        case (.v6(let server), .v6(let client)):
            guard
                let index = connections6.find(
                    outgoing: packet.proto, server: server, source, client: client, target)
            else { return }
            connections6.advance(index, event, .output, rules: &rules)
        default: break
        }
    }

    /// The lines of `ipvsadm -Lnc`, without the countdown.
    func listing() -> [[String]] {
        (connections4.entries(rules) + connections6.entries(rules)).map { entry in
            [
                entry.proto == .tcp
                    ? "TCP" : entry.proto == .udp ? "UDP" : entry.proto == .sctp ? "SCTP" : "IP",
                entry.stateName, Self.text(entry.client, entry.clientPort),
                Self.text(entry.virtual, entry.virtualPort),
                Self.text(entry.server, entry.serverPort),
            ]
        }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func text(_ address: IPAddress, _ port: Port) -> String {
        switch address {
        case .v4(let address): "\(address):\(port.rawValue)"
        case .v6(let address): "[\(address)]:\(port.rawValue)"
        }
    }
}

extension FixturePacket {
    /// An address of the director in the recorder's topology.
    var isForHost: Bool {
        switch destination {
        case .v4(let address):
            (0x0a00_0001...0x0a00_0010).contains(address.rawValue)
                || [0x0a01_0001, 0x0a02_0001].contains(address.rawValue)
        case .v6(let address):
            address.high == 0xfd00_0000_0000_0000 && (1...10).contains(address.low)
                || [0xfd01_0000_0000_0000, 0xfd02_0000_0000_0000].contains(address.high)
                    && address.low == 1
        }
    }
}

extension ConnectionTable {
    /// ip_vs_in.
    mutating func take(
        _ flow: ClientFlow<Address>, _ event: TransportEvent, _ service: VirtualServerIndex?,
        mayBypass: Bool, _ rules: inout DirectorRules, _ defence: inout PacketDefence
    ) {
        if let index = find(incoming: flow) {
            switch use(index, event, rules: rules) {
            case .keep: return advance(index, event, .input, rules: &rules)
            case .dropPacket: return
            case .giveUp: expireNow(index)
            case .passOver: break
            }
        }
        guard event.opening(rules.settings) == .may, let service,
            !defence.dropsPacket(rules.settings, room)
        else { return }
        switch schedule(flow, for: service, rules: &rules) {
        case .connection(let index): advance(index, event, .input, rules: &rules)
        case .refused:
            guard mayBypass, let index = bypass(flow, for: service, rules: &rules) else { return }
            advance(index, event, .input, rules: &rules)
        case .ignored, .dropped: break
        }
    }
}
