// Scheduling for persistent services: a template remembers which server a client, or a network of
// clients, was given, and its further connections go there (ip_vs_sched_persist, ip_vs_core.c).
//
// Invariant: a connection of a persistent service names its template, which therefore outlives it.
// A template whose server is gone is taken out of the way, not forgotten at once, since connections
// may still name it: its port 65535 is one that no service has.

import Wire

extension ConnectionTable {
    private static var ftpPort: Port { Port(21) }
    private static var retiredPort: Port { Port(0xffff) }

    mutating func schedulePersistent(
        _ flow: ClientFlow<Address>, for virtualServer: VirtualServerIndex,
        _ persistence: Persistence, isError: Bool, rules: inout DirectorRules
    ) -> ScheduleOutcome {
        let rule = rules[virtualServer].rule
        let port = rule.key.port ?? Port(0)
        let templateFlow = templateFlow(flow, rule.key, persistence)
        let template: ConnectionIndex
        if let known = find(template: templateFlow), isUsable(template: known, rules) {
            template = known
        } else {
            guard let server = choose(flow, virtualServer, isError: isError, rules: &rules)
            else { return .refused }
            let isForPort = flow.virtualPort == port && port != Self.ftpPort
            let added = add(
                templateFlow, flags: .template, server: server,
                serverPort: isForPort ? rules[server].rule.port : Port(0),
                timeout: ticks(persistence), rules: &rules)
            guard let added else { return .dropped }
            template = added
        }
        let server = connections[template.place].realServer
        let serverPort = rules[server].rule.port
        // Held beforehand: the new connection must not take its own template's place.
        connections[template.place].control &+= 1
        let index = add(
            flow, flags: rule.flags(of: flow.proto), server: server,
            serverPort: flow.virtualPort == port && serverPort != Port(0)
                ? serverPort : flow.virtualPort,
            template: template, rules: &rules)
        connections[template.place].control &-= 1
        touch(template, rules: &rules)
        guard let index else { return .dropped }
        rules.countConnection(virtualServer, server)
        return .connection(index)
    }

    /// What a client's template is found by: the client's network and the virtual address and port,
    /// or no port where connections to different ports belong together, or the mark.
    private func templateFlow(
        _ flow: ClientFlow<Address>, _ key: VirtualServerKey, _ persistence: Persistence
    ) -> ClientFlow<Address> {
        let client = flow.client.prefix(persistence.prefixLength)
        let port = key.port ?? Port(0)
        if flow.virtualPort == port {
            return ClientFlow(
                flow.proto, client: client, Port(0), virtual: flow.virtual,
                port == Self.ftpPort ? Port(0) : port)
        }
        guard case .mark(let mark, _) = key else {
            return ClientFlow(flow.proto, client: client, Port(0), virtual: flow.virtual, Port(0))
        }
        return ClientFlow(
            IPProtocol(rawValue: 0), client: client, Port(0), virtual: Address(mark: mark), Port(0))
    }

    /// Hundredths of a second.
    private func ticks(_ persistence: Persistence) -> UInt32 {
        let (ticks, isOver) = persistence.timeoutSeconds.multipliedReportingOverflow(by: 100)
        return isOver ? .max : ticks
    }

    /// Whether a template's server may still be given connections (ip_vs_check_template); if not,
    /// the template is put where it is not found again.
    private mutating func isUsable(
        template: ConnectionIndex, _ rules: borrowing DirectorRules
    ) -> Bool {
        let server = connections[template.place].realServer
        if server != .none {
            let isQuiescent =
                rules.settings.expireQuiescentTemplate && rules[server].rule.weight == 0
            if rules[server].isAvailable, !isQuiescent { return true }
        }
        connections[template.place].virtualPort = Self.retiredPort
        connections[template.place].serverPort = Self.retiredPort
        return false
    }
}

extension FlowAddress {
    /// The network of the address.
    @inline(__always)
    func prefix(_ length: Int) -> Self {
        let address = mapped
        let bits = address.isIPv4Mapped ? 96 &+ length : length
        let (high, low) = (Self.mask(bits), Self.mask(bits &- 64))
        return Self(mapped: IPv6Address(high: address.high & high, low: address.low & low))
    }

    /// The first bits of 64.
    @inline(__always)
    private static func mask(_ length: Int) -> UInt64 {
        length <= 0 ? 0 : length >= 64 ? .max : ~(UInt64.max >> UInt64(length))
    }

    /// How the template of a service by mark writes the mark: in the first four bytes.
    init(mark: UInt32) {
        let mapped = Self(mapped: IPv6Address(mapped: IPv4Address(rawValue: mark)))
        let isIPv4 = MemoryLayout<Self>.size == 4
        self = isIPv4 ? mapped : Self(mapped: IPv6Address(high: UInt64(mark) << 32, low: 0))
    }
}
