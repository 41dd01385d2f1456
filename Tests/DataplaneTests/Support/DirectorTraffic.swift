// A director with a service of every kind, and traffic for it by seed: all that clients and real
// servers send, most of it of connections that are there, some of it damaged.
//
// Clients are 10.1.0.0/24 and fd01::/120, real servers 10.2.0.0/24 and fd02::/120, and services are on
// 10.0.0.1 and fd00::1. Services are told apart by their port: see `services`.

import Dataplane
import Wire

struct DirectorTraffic {
    struct Service {
        var port: UInt16
        var proto: IPProtocol
        var method: ForwardingMethod
        var scheduler = Scheduler.roundRobin
        var persistence: Persistence?
        var isOnePacket = false
        var isMarked = false
    }

    static let services = [
        Service(port: 80, proto: .tcp, method: .masquerade),
        Service(port: 53, proto: .udp, method: .masquerade, scheduler: .leastConnection),
        Service(port: 81, proto: .tcp, method: .directRouting),
        Service(port: 54, proto: .udp, method: .directRouting),
        Service(port: 82, proto: .tcp, method: .tunnel(.ipip, .none)),
        Service(port: 83, proto: .tcp, method: .tunnel(.gue(Port(6_080)), .whole)),
        Service(port: 84, proto: .udp, method: .tunnel(.gre, .whole)),
        Service(
            port: 85, proto: .tcp, method: .masquerade,
            persistence: Persistence(timeoutSeconds: 60, prefixLength: 32)),
        Service(port: 86, proto: .udp, method: .masquerade, isOnePacket: true),
        Service(port: 87, proto: .sctp, method: .masquerade),
        Service(port: 88, proto: .tcp, method: .masquerade, isMarked: true),
    ]

    static let host = DirectorHost(
        links: [
            DirectorLink(
                name: "client", mtu: 1_500,
                prefixes: ["10.1.0.254/16", "fd01::fe/64"].compactMap { IPPrefix($0) }),
            DirectorLink(
                name: "server", mtu: 1_400,
                prefixes: ["10.2.0.254/16", "fd02::fe/64"].compactMap { IPPrefix($0) }),
        ],
        ownAddresses: [virtual(isIPv6: false), virtual(isIPv6: true)])

    static func virtual(isIPv6: Bool) -> IPAddress { isIPv6 ? "fd00::1" : "10.0.0.1" }

    static func server(_ number: Int, isIPv6: Bool) -> IPAddress {
        isIPv6
            ? .v6(IPv6Address(high: 0xfd02 << 48, low: UInt64(number)))
            : .v4(IPv4Address(10, 2, 0, UInt8(number)))
    }

    static func client(_ number: Int, isIPv6: Bool) -> IPAddress {
        isIPv6
            ? .v6(IPv6Address(high: 0xfd01 << 48, low: UInt64(number)))
            : .v4(IPv4Address(10, 1, 0, UInt8(number)))
    }

    /// Rules for all services in both families, three servers each.
    static func rules() throws -> DirectorRules {
        var rules = DirectorRules(key: HashKey(k0: 3, k1: 4))
        for isIPv6 in [false, true] {
            let virtual = virtual(isIPv6: isIPv6)
            for service in services {
                var key = VirtualServerKey.address(virtual, Port(service.port), service.proto)
                if service.isMarked {
                    rules.append(
                        MarkRule(
                            proto: service.proto, address: virtual, port: Port(service.port),
                            mark: 7))
                    key = .mark(7, isIPv4: !isIPv6)
                }
                var persistence = service.persistence
                if isIPv6, persistence != nil { persistence?.prefixLength = 128 }
                try rules.add(
                    VirtualServerRule(
                        key, scheduler: service.scheduler, persistence: persistence,
                        isOnePacket: service.isOnePacket))
                for number in 1...3 {
                    try rules.add(
                        RealServerRule(
                            server(number, isIPv6: isIPv6), service.serverPort,
                            method: service.method),
                        to: key)
                }
            }
        }
        return rules
    }

    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A batch of frames; `entries` are the connections that are there.
    mutating func batch(_ count: Int, _ entries: [ConnectionEntry]) -> [Input] {
        var frames: [[UInt8]] = []
        while frames.count < count { frames += next(entries) }
        return frames.prefix(count).map { Input(bytes: $0) }
    }

    private mutating func next(_ entries: [ConnectionEntry]) -> [[UInt8]] {
        var draft = draft(entries)
        draft.payload = random.bytes(random.number(0...30))
        switch random.number(0...39) {
        case 0: draft.ttl = UInt8(random.number(0...2))
        case 1: draft.payload = random.bytes(random.number(1_300...1_500))
        case 2:
            draft.payload = random.bytes(random.number(1_300...1_500))
            draft.dontFragment = false
        case 3:
            draft.payload = random.bytes(100)
            return draft.fragments(of: 64, identification: UInt32(random.number(1...50)))
        case 4:
            let error = Draft.error(
                .destinationUnreachable, .destinationUnreachable, code: 1,
                quoting: draft.reversed.packet, from: draft.source, to: draft.target)
            return [error.frame]
        case 5: return [damaged(draft.frame)]
        case 6: return [draft.frame + random.bytes(random.number(1...20))]
        case 7: return [withoutChecksum(draft)]
        default: break
        }
        return [draft.frame]
    }

    /// A packet of a connection, from either side, or of a client that may have none.
    private mutating func draft(_ entries: [ConnectionEntry]) -> Draft {
        if random.number(0...3) > 0, let entry = entries.randomElement(using: &random) {
            let transport = transport(entry.proto)
            return Bool.random(using: &random)
                ? Draft(
                    transport, from: entry.client, entry.clientPort.rawValue, to: entry.virtual,
                    entry.virtualPort.rawValue)
                : Draft(
                    transport, from: entry.server, entry.serverPort.rawValue, to: entry.client,
                    entry.clientPort.rawValue)
        }
        let isIPv6 = random.number(0...2) == 0
        let service = Self.services[random.number(0...Self.services.count - 1)]
        return Draft(
            transport(service.proto), from: Self.client(random.number(1...20), isIPv6: isIPv6),
            UInt16(random.number(4_000...4_003)), to: Self.virtual(isIPv6: isIPv6), service.port)
    }

    private mutating func transport(_ proto: IPProtocol) -> Draft.Transport {
        let flags: [TCPFlags] = [
            .syn, .ack, .ack, .ack, .ack, [.fin, .ack], .rst, [.syn, .ack], [],
        ]
        let chunks: [SCTPChunkType] = [.initiation, .data, .data, .shutdown, .abort]
        return switch proto {
        case .tcp: .tcp(flags[random.number(0...flags.count - 1)])
        case .sctp: .sctp(chunks[random.number(0...chunks.count - 1)])
        default: .udp
        }
    }

    private mutating func damaged(_ frame: [UInt8]) -> [UInt8] {
        var frame = frame
        frame[random.number(12...frame.count - 1)] ^= UInt8(1 << random.number(0...7))
        return random.number(0...3) == 0
            ? Array(frame.prefix(random.number(14...frame.count))) : frame
    }

    /// UDP's checksum left out, or another one that is special.
    private mutating func withoutChecksum(_ draft: Draft) -> [UInt8] {
        var frame = draft.frame
        guard draft.proto == .udp else { return frame }
        let offset = (draft.addresses.isIPv6 ? 54 : 34) + 6
        let value: UInt8 = Bool.random(using: &random) ? 0 : 0xff
        frame.replaceSubrange(offset..<offset + 2, with: [value, value])
        return frame
    }
}

extension DirectorTraffic.Service {
    /// Ports are mapped where they can be.
    var serverPort: Port { method == .masquerade && !isMarked ? Port(port + 8_000) : Port(port) }
}
