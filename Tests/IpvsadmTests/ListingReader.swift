// Listings of the kernel read back by their words, whatever the columns: which words stand for what
// follows from the title.

import Dataplane
import Ipvsadm
import Wire

enum ListingReader {
    static func endpoint(_ text: Substring) -> (IPAddress, Port)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("[") { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(host), let port = Port(text[colon...].dropFirst()) else {
            return nil
        }
        return (address, port)
    }

    static func connection(_ line: String) -> ConnectionEntry? {
        let words = line.split(separator: " ")
        let name = words.first?.lowercased() ?? ""
        let proto = name == "ip" ? IPProtocol(rawValue: 0) : IPProtocol(name)
        guard words.count == 6, let proto, let client = endpoint(words[3]),
            let virtual = endpoint(words[4]), let server = endpoint(words[5])
        else { return nil }
        // The recorder hides the time that is left.
        return ConnectionEntry(
            proto: proto, client: client.0, clientPort: client.1, virtual: virtual.0,
            virtualPort: virtual.1, server: server.0, serverPort: server.1,
            stateName: String(words[2]), expiresInTicks: 0)
    }

    static func services(
        _ lines: [String], _ columns: ListRequest.Columns
    ) -> [ListedService] {
        var services: [ListedService] = []
        for line in lines {
            let words = line.split(separator: " ")
            if words.first == "->", let (address, port) = endpoint(words[1]),
                let last = services.indices.last
            {
                services[last].servers.append(
                    server(RealServerRule(address, port), words[2...], columns))
            } else if let service = service(words, columns) {
                services.append(service)
            }
        }
        return services
    }

    private static func service(
        _ words: [Substring], _ columns: ListRequest.Columns
    ) -> ListedService? {
        guard let proto = words.first.flatMap({ IPProtocol($0.lowercased()) }) else {
            guard words.first == "FWM", let mark = UInt32(words[1]) else { return nil }
            let isIPv4 = words[2] != "IPv6"
            let rest = words[(isIPv4 ? 2 : 3)...]
            return service(.mark(mark, isIPv4: isIPv4), rest, columns)
        }
        guard let (address, port) = endpoint(words[1]) else { return nil }
        return service(.address(address, port, proto), words[2...], columns)
    }

    private static func service(
        _ key: VirtualServerKey, _ words: ArraySlice<Substring>, _ columns: ListRequest.Columns
    ) -> ListedService? {
        var service = ListedService(VirtualServerRule(key))
        if columns == .stats {
            service.counters = counters(words)
            return service
        }
        guard let scheduler = words.first.flatMap({ Scheduler(rawValue: String($0)) }) else {
            return nil
        }
        service.rule.scheduler = scheduler
        for (word, next) in zip(words.dropFirst(), words.dropFirst(2) + [""]) {
            switch word {
            case "persistent":
                service.rule.persistence = Persistence(
                    timeoutSeconds: UInt32(next) ?? 0, prefixLength: key.isIPv4 ? 32 : 128)
            case "mask":
                service.rule.persistence?.prefixLength =
                    IPv4Address(next).map { $0.rawValue.nonzeroBitCount } ?? Int(next) ?? 0
            case "ops": service.rule.isOnePacket = true
            case let flags where flags.hasPrefix("("):
                if flags.contains("fallback") { service.rule.flags.insert(.fallback) }
                if flags.contains("port") { service.rule.flags.insert(.port) }
            default: break
            }
        }
        return service
    }

    private static func server(
        _ rule: RealServerRule, _ words: ArraySlice<Substring>, _ columns: ListRequest.Columns
    ) -> ListedServer {
        var server = ListedServer(rule)
        var numbers = words.compactMap { UInt32($0) }
        switch columns {
        case .stats: server.counters = counters(words)
        case .rate: break
        case .thresholds:
            server.rule.upperThreshold = numbers.removeFirst()
            server.rule.lowerThreshold = numbers.removeFirst()
        case .persistentConnections:
            server.rule.weight = Int32(numbers.removeFirst())
            server.persistentCount = numbers.removeFirst()
        case .plain, .tunnels:
            server.rule.method = method(words)
            server.rule.weight = Int32(numbers.removeFirst())
        }
        guard columns != .stats, columns != .rate else { return server }
        (server.activeCount, server.inactiveCount) = (numbers[0], numbers[1])
        return server
    }

    private static func method(_ words: ArraySlice<Substring>) -> ForwardingMethod {
        switch words.first {
        case "Masq": return .masquerade
        case "Route": return .directRouting
        default: break
        }
        let parts = words.dropFirst().first?.split(separator: ":") ?? []
        let checksum: TunnelChecksum =
            switch parts.last {
            case "+c": .whole
            case "r+c": .remote
            default: .none
            }
        switch parts.first {
        case "gue": return .tunnel(.gue(Port(parts[1]) ?? Port(0)), checksum)
        case "gre": return .tunnel(.gre, checksum)
        default: return .tunnel(.ipip, .none)
        }
    }

    private static func counters(_ words: ArraySlice<Substring>) -> ServiceCounters {
        let numbers = words.compactMap { UInt64($0) }
        var counters = ServiceCounters()
        guard numbers.count == 5 else { return counters }
        counters.connectionCount = numbers[0]
        counters.incoming.packetCount = numbers[1]
        counters.outgoing.packetCount = numbers[2]
        counters.incoming.byteCount = numbers[3]
        counters.outgoing.byteCount = numbers[4]
        return counters
    }
}
