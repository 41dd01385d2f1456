// The rules of a director: virtual servers, their real servers, marks and settings, and which of
// them a packet falls under. Changes are in `DirectorRules+VirtualServers` and `+RealServers`, the
// choice of a server in `+Schedule`, the counts in `+Counts` (net/netfilter/ipvs/ip_vs_ctl.c).
//
// Invariant: a place in `virtualServers` or `servers` is present, or in the list of free places. A
// server that was deleted keeps its place in `trash` while anything is bound to it, and some time
// longer, and is the same one when it is added again.

import Wire

public struct DirectorRules: Sendable {
    /// By `VirtualServerIndex`; those that are not present are free places.
    public internal(set) var virtualServers: [VirtualServer] = []
    /// By `RealServerIndex`; only those that some virtual server's `order` names are rules.
    public internal(set) var servers: [RealServer] = []
    public var settings = DirectorSettings()
    public private(set) var marks: [MarkRule] = []
    /// Broadcast addresses of the host's links: no real server can have one.
    public var broadcasts: [IPv4Address] = []

    let key: HashKey
    var table = RuleTable()
    var freeVirtualServers: [VirtualServerIndex] = []
    var freeServers: [RealServerIndex] = []
    /// Deleted servers, the latest first.
    var trash: [RealServerIndex] = []
    /// When the trash is looked through next.
    var trashDeadline: UInt64 = .max
    /// The latest time that anyone told, in hundredths of a second.
    var clock: UInt64 = 0
    /// Virtual servers of each family.
    var count4 = 0
    var count6 = 0
    /// Virtual servers of port 21, and of port 0.
    var ftpCount = 0
    var anyPortCount = 0

    /// `key` is for what must not be foreseen from outside: the flow hash of `mesh`, the chance of
    /// `twos`.
    public init(key: HashKey) { self.key = key }

    /// The place of a virtual server that is present.
    public func index(of key: VirtualServerKey) -> VirtualServerIndex? {
        table.find(RuleKey(key)).map { VirtualServerIndex(rawValue: $0) }
    }

    /// The place of a real server among those of a virtual server.
    public func index(
        of address: IPAddress, _ port: Port, in virtualServer: VirtualServerIndex
    ) -> RealServerIndex? {
        self[virtualServer].order.first {
            self[$0].rule.address == address && self[$0].rule.port == port
        }
    }

    /// Takes servers out, so that they can be borrowed beside the rest, and with a second call puts them
    /// back.
    @inline(__always)
    mutating func exchange(_ virtualServers: inout [VirtualServer], _ servers: inout [RealServer]) {
        swap(&self.virtualServers, &virtualServers)
        swap(&self.servers, &servers)
    }

    subscript(_ index: VirtualServerIndex) -> VirtualServer {
        @inline(__always) _read { yield virtualServers[Int(index.rawValue)] }
        @inline(__always) _modify { yield &virtualServers[Int(index.rawValue)] }
    }

    subscript(_ index: RealServerIndex) -> RealServer {
        @inline(__always) _read { yield servers[Int(index.rawValue)] }
        @inline(__always) _modify { yield &servers[Int(index.rawValue)] }
    }
}

extension DirectorRules {
    /// Adds a mark rule after all others.
    public mutating func append(_ mark: MarkRule) {
        marks.append(mark)
        index(mark, at: marks.count - 1)
    }

    public mutating func setMarks(_ rules: [MarkRule]) {
        for mark in marks { table.set(RuleKey(mark), nil) }
        marks = rules
        for place in rules.indices { index(rules[place], at: place) }
    }

    private mutating func index(_ mark: MarkRule, at place: Int) {
        table.set(RuleKey(mark), UInt32(truncatingIfNeeded: place))
    }

    /// The mark of a packet, 0 for none. Of several rules that fit the last one counts: marking
    /// does not end the walk through the chain.
    @inline(__always)
    package func mark(proto: IPProtocol, destination: IPv6Address, destinationPort: Port) -> UInt32
    {
        guard !marks.isEmpty else { return 0 }
        let exact = table.find(RuleKey(.markedPort, destination, destinationPort, proto))
        let whole = table.find(RuleKey(.markedAddress, destination, Port(0), proto))
        guard let last = exact.map({ max($0, whole ?? 0) }) ?? whole else { return 0 }
        return marks[Int(last)].mark
    }

    /// The virtual server of a packet: by its mark, by address and port, as the data connection of
    /// an FTP service, by address alone (ip_vs_service_find).
    @inline(__always)
    package func find(
        mark: UInt32, isIPv4: Bool, proto: IPProtocol, destination: IPv6Address,
        destinationPort port: Port
    ) -> VirtualServerIndex? {
        if mark != 0, let place = table.find(RuleKey(mark: mark, isIPv4: isIPv4)) {
            return VirtualServerIndex(rawValue: place)
        }
        if let place = table.find(RuleKey(.virtualServer, destination, port, proto)) {
            return VirtualServerIndex(rawValue: place)
        }
        guard ftpCount | anyPortCount != 0 else { return nil }
        return findWithoutPort(proto: proto, destination: destination, destinationPort: port)
    }

    private func findWithoutPort(
        proto: IPProtocol, destination: IPv6Address, destinationPort port: Port
    ) -> VirtualServerIndex? {
        // Passive FTP's ports are those that no privilege is needed for, active FTP's is 20.
        if ftpCount > 0, proto == .tcp, port == Port(20) || port.rawValue >= 1_024,
            let place = table.find(RuleKey(.virtualServer, destination, Port(21), proto))
        {
            return VirtualServerIndex(rawValue: place)
        }
        return table.find(RuleKey(.virtualServer, destination, Port(0), proto))
            .map { VirtualServerIndex(rawValue: $0) }
    }

    /// Whether packets of a family are looked at at all.
    @inline(__always)
    func hasVirtualServers(isIPv4: Bool) -> Bool { (isIPv4 ? count4 : count6) > 0 }

    /// Whether packets go to an address through a tunnel of this kind (ip_vs_find_tunnel). Asked only
    /// for ICMP errors that quote one.
    func hasTunnel(_ kind: TunnelKind, to address: IPv6Address) -> Bool {
        servers.contains { server in
            guard server.isAvailable, server.address == address,
                case .tunnel(kind, _) = server.rule.method
            else { return false }
            return true
        }
    }

    /// Whether a server behind masquerading has this address and port, so that what it sends and
    /// nothing knows is a stray reply (ip_vs_has_real_service).
    package func isMasqueraded(proto: IPProtocol, address: IPv6Address, port: Port) -> Bool {
        table.find(RuleKey(.realServer, address, port, proto)) != nil
            || table.find(RuleKey(.realServer, address, port, IPProtocol(rawValue: 0))) != nil
    }
}

extension RuleKey {
    init(_ key: VirtualServerKey) {
        switch key {
        case .address(let address, let port, let proto):
            self.init(.virtualServer, IPv6Address(address), port, proto)
        case .mark(let mark, let isIPv4):
            self.init(mark: mark, isIPv4: isIPv4)
        }
    }

    fileprivate init(_ mark: MarkRule) {
        self.init(
            mark.port == Port(0) ? .markedAddress : .markedPort, IPv6Address(mark.address),
            mark.port, mark.proto)
    }
}
