// Changes of real servers, as the kernel makes them: `ipvsadm -a`, `-e` and `-d`
// (ip_vs_add_dest, ip_vs_edit_dest, ip_vs_del_dest, ip_vs_dest_trash_expire).
//
// Invariant: a deleted server goes to the trash. It is taken up from there, with its counts, when the
// same server is added to the same virtual server, and leaves for good when nothing has named it
// for two minutes.

import Wire

extension DirectorRules {
    /// `-a`: puts a server first among those of a virtual server.
    public mutating func add(
        _ rule: RealServerRule, to key: VirtualServerKey
    ) throws(RuleError) {
        guard let place = index(of: key) else { throw .noSuchService }
        try check(rule, for: key)
        guard index(of: rule.address, rule.port, in: place) == nil else { throw .serverExists }
        let server = try takeUp(rule, for: key)
        self[server].owner = place
        self[server].lastWeight = rule.weight
        configure(server, as: rule)
        self[place].order.insert(server, at: 0)
        serverWasAdded(to: place)
    }

    /// `-e`: another weight, method or thresholds for the server of the same address and port.
    public mutating func edit(
        _ rule: RealServerRule, of key: VirtualServerKey
    ) throws(RuleError) {
        guard let place = index(of: key) else { throw .noSuchService }
        try check(rule, for: key)
        guard let server = index(of: rule.address, rule.port, in: place) else {
            throw .noSuchServer
        }
        configure(server, as: rule)
        serverWasEdited(of: place)
    }

    /// `-d`: no new connection goes to the server; those it has keep its place.
    public mutating func delete(
        _ address: IPAddress, _ port: Port, from key: VirtualServerKey
    ) throws(RuleError) {
        guard let place = index(of: key) else { throw .noSuchService }
        guard let server = index(of: address, port, in: place),
            let position = self[place].order.firstIndex(of: server)
        else { throw .noSuchServer }
        self[place].order.remove(at: position)
        discard(server)
        serverWasDeleted(server, at: position, of: place)
    }

    /// Lets time pass: places of servers that were deleted and that nothing names become free.
    @inline(__always)
    package mutating func expire(now: UInt64) {
        clock = max(clock, now)
        if clock >= trashDeadline { emptyTrash() }
    }

    /// Takes a server out of its virtual server, which forgets it.
    mutating func discard(_ server: RealServerIndex) {
        forgetMasquerading(server)
        self[server].isAvailable = false
        self[server].idleSince = nil
        if trash.isEmpty { trashDeadline = clock &+ Self.trashPeriod / 2 }
        trash.insert(server, at: 0)
    }

    /// Looks through the trash once for each minute that has passed. After three times with the same
    /// connections nothing more would be found.
    private mutating func emptyTrash() {
        for _ in 0..<4 where clock >= trashDeadline { emptyTrash(at: trashDeadline) }
        guard clock >= trashDeadline else { return }
        let minutes = (clock &- trashDeadline) / (Self.trashPeriod / 2) &+ 1
        trashDeadline &+= minutes &* (Self.trashPeriod / 2)
    }

    private mutating func emptyTrash(at now: UInt64) {
        var kept: [RealServerIndex] = []
        for server in trash {
            if isNamed(server) {
                kept.append(server)
            } else if let since = self[server].idleSince {
                if now &- since < Self.trashPeriod {
                    kept.append(server)
                } else {
                    freeServers.append(server)
                }
            } else {
                self[server].idleSince = now
                kept.append(server)
            }
        }
        trash = kept
        trashDeadline = kept.isEmpty ? .max : now &+ Self.trashPeriod / 2
    }

    /// Whether a connection or what a scheduler remembers names a deleted server.
    private func isNamed(_ server: RealServerIndex) -> Bool {
        if self[server].referenceCount > 0 { return true }
        let owner = self[server].owner
        return owner != .none && self[owner].memory.locality.names(server)
    }

    /// The place for a server that is to be added: its own if it is in the trash.
    private mutating func takeUp(
        _ rule: RealServerRule, for key: VirtualServerKey
    ) throws(RuleError) -> RealServerIndex {
        if let position = trash.firstIndex(where: {
            self[$0].rule.address == rule.address && self[$0].rule.port == rule.port
                && self[$0].virtualServer.isSameForServers(as: key)
        }) {
            let server = trash.remove(at: position)
            if self[server].owner == .none { self[server].counters = ServiceCounters() }
            return server
        }
        guard rule.address.isForHosts(except: broadcasts) else { throw .invalid(.address) }
        if let free = freeServers.popLast() {
            self[free] = RealServer(rule, of: key)
            return free
        }
        servers.append(RealServer(rule, of: key))
        return RealServerIndex(servers.count - 1)
    }

    /// Sets what a rule says (__ip_vs_update_dest).
    private mutating func configure(_ server: RealServerIndex, as rule: RealServerRule) {
        let before = self[server].rule.upperThreshold
        if rule.upperThreshold == 0 || rule.upperThreshold > before {
            self[server].isOverloaded = false
        }
        if rule.weight != 0 { self[server].lastWeight = rule.weight }
        self[server].rule = rule
        self[server].isAvailable = true
        if rule.method == .masquerade, !self[server].isMasqueraded {
            self[server].isMasqueraded = true
            changeMasqueraded(server, by: 1)
        }
    }

    private mutating func forgetMasquerading(_ server: RealServerIndex) {
        guard self[server].isMasqueraded else { return }
        self[server].isMasqueraded = false
        changeMasqueraded(server, by: -1)
    }

    /// Several virtual servers can have the same server; the table counts them.
    private mutating func changeMasqueraded(_ server: RealServerIndex, by change: Int) {
        let key = RuleKey(masqueraded: self[server])
        let count = Int(table.find(key) ?? 0) + change
        table.set(key, count == 0 ? nil : UInt32(count))
    }

    private func check(
        _ rule: RealServerRule, for key: VirtualServerKey
    ) throws(RuleError) {
        if case .v4 = rule.address, key.isIPv4 {
        } else if case .v6 = rule.address, !key.isIPv4 {
        } else if case .tunnel = rule.method {
        } else {
            throw .invalid(.family)
        }
        guard rule.weight >= 0 else { throw .invalid(.weight) }
        guard rule.lowerThreshold <= rule.upperThreshold else { throw .invalid(.thresholds) }
        if case .tunnel(.gue(Port(0)), _) = rule.method { throw .invalid(.tunnel) }
    }

    /// Hundredths of a second (IP_VS_DEST_TRASH_PERIOD).
    static let trashPeriod: UInt64 = 120 * 100
}

extension IPAddress {
    /// May be a host's: not a group's, not nobody's, not everybody's, not confined to a link. The
    /// loopback network has an address for everybody too, on every host.
    fileprivate func isForHosts(except broadcasts: [IPv4Address]) -> Bool {
        switch self {
        case .v4(let address):
            return address.rawValue != 0 && address.rawValue >> 28 != 0xe
                && address.rawValue != .max && address != IPv4Address(127, 255, 255, 255)
                && !broadcasts.contains(address)
        case .v6(let address):
            return address.high >> 56 != 0xff && address.high >> 54 != 0xfe80 >> 6
                && !address.isIPv4Mapped && address != IPv6Address(high: 0, low: 0)
        }
    }
}

extension VirtualServerKey {
    /// Whether a server deleted from one is the same server when added to the other: services of one
    /// mark are not told apart by family.
    fileprivate func isSameForServers(as other: VirtualServerKey) -> Bool {
        if case .mark(let mark, _) = self, case .mark(mark, _) = other { return true }
        return self == other
    }
}

extension RuleKey {
    /// A server behind masquerading. One of a marked service takes every protocol, written 0.
    fileprivate init(masqueraded server: RealServer) {
        var proto = IPProtocol(rawValue: 0)
        if case .address(_, _, let own) = server.virtualServer { proto = own }
        self.init(.realServer, server.address, server.rule.port, proto)
    }
}
