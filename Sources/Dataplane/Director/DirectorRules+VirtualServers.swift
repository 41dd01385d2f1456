// Changes of virtual servers, as the kernel makes them: `ipvsadm -A`, `-E`, `-D`, `-C` and `-Z`
// (ip_vs_add_service, ip_vs_edit_service, ip_vs_del_service, ip_vs_flush, ip_vs_zero_service).
//
// Invariant: a change that is refused changes nothing. Editing forgets what the scheduler knows only
// when the scheduler becomes another one.

import Wire

extension DirectorRules {
    /// `-A`: a virtual server without real servers.
    public mutating func add(_ rule: VirtualServerRule) throws(RuleError) {
        guard index(of: rule.key) == nil else { throw .serviceExists }
        try Self.check(rule)
        let place: VirtualServerIndex
        if let free = freeVirtualServers.popLast() {
            place = free
            self[place] = VirtualServer(rule: rule)
        } else {
            place = VirtualServerIndex(virtualServers.count)
            virtualServers.append(VirtualServer(rule: rule))
        }
        table.set(RuleKey(rule.key), place.rawValue)
        count(rule.key, by: 1)
        startScheduler(of: place)
    }

    /// `-E`: another scheduler, other flags or persistence for the virtual server of the same key.
    public mutating func edit(_ rule: VirtualServerRule) throws(RuleError) {
        guard let place = index(of: rule.key) else { throw .noSuchService }
        try Self.check(rule)
        let isSchedulerNew = self[place].rule.scheduler != rule.scheduler
        self[place].rule = rule
        if isSchedulerNew { startScheduler(of: place) }
    }

    /// `-D`: the virtual server and all its real servers.
    public mutating func delete(_ key: VirtualServerKey) throws(RuleError) {
        guard let place = index(of: key) else { throw .noSuchService }
        delete(place)
    }

    /// `-C`: all virtual servers. Marks and settings stay.
    public mutating func deleteAll() {
        for place in virtualServers.indices where virtualServers[place].isPresent {
            delete(VirtualServerIndex(place))
        }
    }

    /// `-Z`: sets the counters of one virtual server and its real servers to zero, or of all.
    public mutating func zero(_ key: VirtualServerKey? = nil) throws(RuleError) {
        guard let key else {
            for place in virtualServers.indices where virtualServers[place].isPresent {
                zero(VirtualServerIndex(place))
            }
            return
        }
        guard let place = index(of: key) else { throw .noSuchService }
        zero(place)
    }

    private mutating func zero(_ place: VirtualServerIndex) {
        self[place].counters = ServiceCounters()
        for server in self[place].order { self[server].counters = ServiceCounters() }
    }

    private mutating func delete(_ place: VirtualServerIndex) {
        let key = self[place].rule.key
        for server in self[place].order {
            discard(server)
            // A service of the same key is another one: what was counted for this one is over.
            self[server].owner = .none
        }
        table.set(RuleKey(key), nil)
        count(key, by: -1)
        self[place] = VirtualServer(rule: self[place].rule)
        self[place].isPresent = false
        freeVirtualServers.append(place)
    }

    private mutating func count(_ key: VirtualServerKey, by change: Int) {
        if key.isIPv4 { count4 += change } else { count6 += change }
        guard case .address(_, let port, _) = key else { return }
        if port == Port(21) { ftpCount += change }
        if port == Port(0) { anyPortCount += change }
    }

    private static func check(_ rule: VirtualServerRule) throws(RuleError) {
        if case .mark(0, _) = rule.key { throw .invalid(.mark) }
        guard let persistence = rule.persistence else { return }
        let lengths = rule.key.isIPv4 ? 0...32 : 1...128
        guard lengths.contains(persistence.prefixLength) else { throw .invalid(.netmask) }
    }
}
