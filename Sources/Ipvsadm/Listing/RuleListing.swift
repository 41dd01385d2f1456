// Rules as the commands that make them. `ipvsadm -S` prints them sorted, without thresholds, and marks
// as signed numbers; what is written to a rules file (`forFile`) leaves nothing out, keeps the order
// of the real servers, which schedulers go by, and names nothing that only this machine knows.

import Dataplane
import Wire

struct RuleListing {
    let names: NameTable
    let isNumeric: Bool
    /// For a file rather than as ipvsadm prints.
    var isForFile = false

    func text(_ services: [ListedService]) -> String {
        let ordered = isForFile ? services : ListingOrder.sorted(services)
        return ordered.reduce(into: "") { text, service in
            let name = self.name(of: service.rule.key)
            let servers =
                isForFile
                ? Array(service.servers.reversed()) : ListingOrder.sorted(service.servers)
            text += line(service.rule, name) + "\n"
            for server in servers {
                text += line(server.rule, name, service.rule.key.proto) + "\n"
            }
        }
    }

    private func name(of key: VirtualServerKey) -> String {
        switch key {
        case .mark(let mark, let isIPv4):
            let number = isForFile ? "\(mark)" : "\(Int32(bitPattern: mark))"
            return "-f \(number)" + (isIPv4 ? "" : " -6")
        case .address(let address, let port, let proto):
            let option =
                switch proto {
                case .tcp: "-t"
                case .udp: "-u"
                default: "--sctp-service"
                }
            return "\(option) \(names.text(address, port, proto, isNumeric: isNumeric))"
        }
    }

    private func line(_ rule: VirtualServerRule, _ name: String) -> String {
        var text = "-A \(name) -s \(rule.scheduler.rawValue)"
        if let persistence = rule.persistence {
            text += " -p \(persistence.timeoutSeconds)"
            if let mask = persistence.maskText(isIPv4: rule.key.isIPv4) { text += " -M \(mask)" }
        }
        if rule.isOnePacket { text += " -o" }
        if !rule.flags.isEmpty {
            let scheduler = rule.scheduler.rawValue
            let flags =
                isForFile
                ? SchedulerFlagText.completeText(rule.flags, scheduler)
                : SchedulerFlagText.text(rule.flags, scheduler)
            text += " -b \(flags)"
        }
        return text
    }

    private func line(_ rule: RealServerRule, _ name: String, _ proto: IPProtocol?) -> String {
        let server = names.text(rule.address, rule.port, proto, isNumeric: isNumeric)
        var text = "-a \(name) -r \(server) \(rule.method.letter) -w \(rule.weight)"
        if case .tunnel(let kind, let checksum) = rule.method {
            text += Self.words(kind, checksum)
        }
        if isForFile {
            if rule.upperThreshold != 0 { text += " -x \(rule.upperThreshold)" }
            if rule.lowerThreshold != 0 { text += " -y \(rule.lowerThreshold)" }
        }
        return text
    }

    private static func words(_ kind: TunnelKind, _ checksum: TunnelChecksum) -> String {
        let flag =
            switch checksum {
            case .none: "--tun-nocsum"
            case .whole: "--tun-csum"
            case .remote: "--tun-remcsum"
            }
        return switch kind {
        case .ipip: " --tun-type ipip"
        case .gre: " --tun-type gre \(flag)"
        case .gue(let port): " --tun-type gue --tun-port \(port) \(flag)"
        }
    }
}

extension ForwardingMethod {
    fileprivate var letter: String {
        switch self {
        case .masquerade: "-m"
        case .directRouting: "-g"
        case .tunnel: "-i"
        }
    }
}
