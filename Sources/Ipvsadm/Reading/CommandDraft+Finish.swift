// From a draft with all options read to what a command says of a service, a real server or a list,
// with the checks that need several options at once.

import Dataplane
import Wire

extension CommandDraft {
    var key: VirtualServerKey {
        if mark != 0 { return .mark(mark, isIPv4: !isIPv6) }
        let anyAddress: IPAddress = .v4(IPv4Address(rawValue: 0))
        return .address(address ?? anyAddress, port, proto ?? .tcp)
    }

    /// The real server's; its family is checked where it matters.
    var serverAddress: IPAddress { server ?? .v4(IPv4Address(rawValue: 0)) }

    func serviceRequest(_ flags: SchedulerFlags) throws(IpvsadmError) -> ServiceRequest {
        if mark == 0, port == Port(0), persistenceSeconds == nil {
            throw .usage("Zero port specified for non-persistent service")
        }
        if isOnePacket, mark == 0, proto != .udp {
            throw .usage("One-Packet Scheduling is only for UDP virtual services")
        }
        let name = scheduler.isEmpty ? Scheduler.weightedLeastConnection.rawValue : scheduler
        return ServiceRequest(
            key: key, scheduler: String(name.prefix(Self.schedulerByteCountMax)), flags: flags,
            persistenceSeconds: persistenceSeconds, netmask: netmask, isOnePacket: isOnePacket,
            engine: engine.flatMap { $0.isEmpty ? nil : $0 })
    }

    func serverRule() throws(IpvsadmError) -> RealServerRule {
        let isTunnel = forward == .ipip
        let isServerIPv6 = if case .v6 = serverAddress { true } else { false }
        if isServerIPv6 != isIPv6, !isTunnel {
            throw .usage("Different address family is allowed only for tunneling servers")
        }
        if !given.isDisjoint(with: .tunnel), !isTunnel {
            throw .usage("Tunnel options conflict with forward method")
        }
        try tunnel.check(given)
        // Only masquerading can change the port; a mark has none to compare with.
        let isPortFree = mark != 0 || forward == .masquerading
        return RealServerRule(
            serverAddress, isPortFree ? serverPort : port, method: method, weight: weight,
            upperThreshold: upperThreshold, lowerThreshold: lowerThreshold)
    }

    private var method: ForwardingMethod {
        switch (forward, tunnel) {
        case (.masquerading, _): .masquerade
        case (.ipip, .ipip): .tunnel(.ipip, tunnelChecksum)
        case (.ipip, .gue): .tunnel(.gue(tunnelPort), tunnelChecksum)
        case (.ipip, .gre): .tunnel(.gre, tunnelChecksum)
        default: .directRouting
        }
    }

    func listRequest() throws(IpvsadmError) -> ListRequest {
        let isOther = !given.isDisjoint(with: OptionKinds([.timeout, .daemon]))
        let hasColumns = !given.isDisjoint(with: OptionKinds([.stats, .rate, .thresholds]))
        if isOther || given.contains(.connection), hasColumns {
            throw .usage("options conflicts in the list command")
        }
        if isOther, given.contains(.persistentConn) {
            throw .usage("options conflicts in the list command")
        }
        var request = list
        if given.contains(.service) { request.subject = .service(key) }
        return request
    }
}

extension CommandDraft.TunnelName {
    func check(_ given: OptionKinds) throws(IpvsadmError) {
        let rule =
            switch self {
            case .ipip: OptionRule()
            case .gue:
                OptionRule(
                    required: [.tunPort],
                    exclusive: [.tunNoChecksum, .tunChecksum, .tunRemoteChecksum])
            case .gre: OptionRule(exclusive: [.tunNoChecksum, .tunChecksum])
            }
        try rule.check(
            given, among: [.tunPort, .tunNoChecksum, .tunChecksum, .tunRemoteChecksum],
            "the '\(rawValue)' tunnel type")
    }
}
