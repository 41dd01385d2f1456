// `ipvsadm -L`: the table of virtual servers and their real servers, column for column as ipvsadm
// 1.31 prints it. Lines end in spaces where its lines do.

import Dataplane
import Wire

public struct ServiceListing {
    let request: ListRequest
    let names: NameTable

    public init(_ request: ListRequest, names: NameTable = NameTable()) {
        self.request = request
        self.names = names
    }

    /// The version of IPVS and the size of the connection table's hash that it was built with.
    public static let banner = "IP Virtual Server version 1.2.1 (size=4096)\n"

    public func text(_ services: [ListedService]) -> String {
        let ordered = request.isSorted ? ListingOrder.sorted(services) : services
        return ordered.reduce(into: title) { $0 += lines($1) }
    }

    private var title: String {
        let local = "Prot LocalAddress:Port"
        let remote = "  -> RemoteAddress:Port"
        switch request.columns {
        case .stats, .rate:
            let isRate = request.columns == .rate
            let names =
                isRate
                ? ["CPS", "InPPS", "OutPPS", "InBPS", "OutBPS"]
                : ["Conns", "InPkts", "OutPkts", "InBytes", "OutBytes"]
            return local.left(33) + names.map { " " + $0.right(8) }.joined() + "\n\(remote)\n"
        case .thresholds:
            let names = ["Uthreshold", "Lthreshold", "ActiveConn", "InActConn"]
            return local.left(33) + names.map { " " + $0.left(10) }.joined() + "\n\(remote)\n"
        case .persistentConnections:
            let names = "Weight".cell(9) + "PersistConn".cell(11) + "ActiveConn".cell(10)
            return local.cell(33) + names + "InActConn".left(10) + "\n\(remote)\n"
        case .tunnels:
            return "\(local) Scheduler Flags\n\(remote)           "
                + "Forward TunnelInfo    Weight ActiveConn InActConn\n"
        case .plain:
            return "\(local) Scheduler Flags\n\(remote)           "
                + "Forward Weight ActiveConn InActConn\n"
        }
    }

    private func lines(_ service: ListedService) -> String {
        let servers = request.isSorted ? ListingOrder.sorted(service.servers) : service.servers
        return servers.reduce(into: line(service) + "\n") {
            $0 += line($1, service.rule.key.proto) + "\n"
        }
    }

    // MARK: Virtual servers

    private func line(_ service: ListedService) -> String {
        let name = self.name(of: service.rule.key)
        switch request.columns {
        case .stats: return name.left(33) + numbers(service.counters)
        case .rate: return name.left(33) + numbers(service.rates)
        default: return name + " " + Self.description(of: service.rule)
        }
    }

    private func name(of key: VirtualServerKey) -> String {
        switch key {
        case .mark(let mark, let isIPv4):
            // Printed as a signed number.
            return "FWM  \(Int32(bitPattern: mark))" + (isIPv4 ? "" : " IPv6")
        case .address(let address, let port, let proto):
            let endpoint = names.text(address, port, proto, isNumeric: request.isNumeric)
            let whole = "\(proto)".uppercased().left(4) + " " + endpoint
            return key.isIPv4 ? whole.cut(to: 33) : whole
        }
    }

    /// Scheduler, flags, persistence.
    private static func description(of rule: VirtualServerRule) -> String {
        var text = rule.scheduler.rawValue
        if !rule.flags.isEmpty {
            text += " (\(SchedulerFlagText.text(rule.flags, rule.scheduler.rawValue)))"
        }
        if let persistence = rule.persistence {
            text += " persistent \(persistence.timeoutSeconds)"
            if let mask = persistence.maskText(isIPv4: rule.key.isIPv4) { text += " mask \(mask)" }
        }
        return rule.isOnePacket ? text + " ops" : text
    }

    // MARK: Real servers

    private func line(_ server: ListedServer, _ proto: IPProtocol?) -> String {
        let rule = server.rule
        var name = names.text(rule.address, rule.port, proto, isNumeric: request.isNumeric)
        if case .v4 = rule.address { name = name.cut(to: 28) }
        let start = "  -> " + name.left(28)
        let counts =
            "\(server.activeCount)".cell(10) + "\(server.inactiveCount)".left(10)
        switch request.columns {
        case .stats: return start + numbers(server.counters)
        case .rate: return start + rates(server.rates)
        case .thresholds:
            return start + " " + "\(rule.upperThreshold)".cell(10)
                + "\(rule.lowerThreshold)".cell(10) + counts
        case .persistentConnections:
            return start + " " + "\(rule.weight)".cell(9)
                + "\(server.persistentCount)".cell(11) + counts
        case .tunnels:
            return start + " " + rule.method.name.cell(7)
                + (rule.method.tunnelText ?? "n/a").cell(13) + "\(rule.weight)".cell(6) + counts
        case .plain:
            return start + " " + rule.method.name.cell(7) + "\(rule.weight)".cell(6) + counts
        }
    }

    // MARK: Numbers

    private func numbers(_ counters: ServiceCounters) -> String {
        [
            counters.connectionCount, counters.incoming.packetCount,
            counters.outgoing.packetCount, counters.incoming.byteCount,
            counters.outgoing.byteCount,
        ].map { Columns.large($0, isExact: request.isExact) }.joined()
    }

    private func numbers(_ rates: ServiceRates) -> String {
        [
            rates.connections, rates.incomingPackets, rates.outgoingPackets,
            rates.incomingBytes, rates.outgoingBytes,
        ].map { Columns.large($0, isExact: request.isExact) }.joined()
    }

    /// Of a real server: only its bytes are shortened.
    private func rates(_ rates: ServiceRates) -> String {
        [rates.connections, rates.incomingPackets, rates.outgoingPackets]
            .map { " " + "\($0)".right(8) }.joined()
            + [rates.incomingBytes, rates.outgoingBytes]
            .map { Columns.large($0, isExact: request.isExact) }.joined()
    }
}

extension VirtualServerKey {
    /// The protocol by which names of ports are looked up; marks have none.
    var proto: IPProtocol? {
        if case .address(_, _, let proto) = self { proto } else { nil }
    }
}

extension Persistence {
    /// The granularity if it is not a single client.
    func maskText(isIPv4: Bool) -> String? {
        if !isIPv4 { return prefixLength == 128 ? nil : "\(prefixLength)" }
        guard prefixLength < 32 else { return nil }
        return "\(IPv4Address(rawValue: ~(UInt32.max >> UInt32(max(prefixLength, 0)))))"
    }
}

extension ForwardingMethod {
    var name: String {
        switch self {
        case .masquerade: "Masq"
        case .directRouting: "Route"
        case .tunnel: "Tunnel"
        }
    }

    /// What `--tun-info` says; nil without a tunnel.
    fileprivate var tunnelText: String? {
        guard case .tunnel(let kind, let checksum) = self else { return nil }
        let flag =
            switch checksum {
            case .none: "-c"
            case .whole: "+c"
            case .remote: "r+c"
            }
        return switch kind {
        case .ipip: "ipip"
        case .gue(let port): "gue:\(port):\(flag)".cut(to: 15)
        case .gre: "gre:\(flag)"
        }
    }
}
