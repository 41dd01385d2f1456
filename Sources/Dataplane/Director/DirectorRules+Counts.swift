// What the connection table tells the rules: which server an entry is bound to, whether it counts as
// active, and what traffic there was (ip_vs_bind_dest, ip_vs_unbind_dest, ip_vs_in_stats,
// ip_vs_out_stats, ip_vs_conn_stats).
//
// Invariant: a server is marked as overloaded when an entry brings it to its upper threshold, and
// unmarked when one leaves it below the lower. Changes of state do not touch the mark, for they
// move an entry from one count to the other. Nothing here asks what `.none` names.

extension DirectorRules {
    /// An entry of the connection table names the server from now on.
    @inline(__always)
    package mutating func bind(_ server: RealServerIndex, isTemplate: Bool, isActive: Bool) {
        guard server != .none else { return }
        self[server].bind(isTemplate: isTemplate, isActive: isActive)
    }

    /// The entry is gone. `isActive` is what it counted as last.
    @inline(__always)
    package mutating func unbind(_ server: RealServerIndex, isTemplate: Bool, isActive: Bool) {
        guard server != .none else { return }
        self[server].unbind(isTemplate: isTemplate, isActive: isActive)
    }

    /// An entry that is no template changes its state.
    @inline(__always)
    package mutating func setActive(_ server: RealServerIndex, from: Bool, to: Bool) {
        guard server != .none, from != to else { return }
        let change: Int32 = to ? 1 : -1
        self[server].activeCount &+= change
        self[server].inactiveCount &-= change
    }

    /// A new connection of a virtual server.
    @inline(__always)
    package mutating func countConnection(
        _ virtualServer: VirtualServerIndex, _ server: RealServerIndex
    ) {
        self[virtualServer].counters.connectionCount &+= 1
        guard server != .none else { return }
        self[server].counters.connectionCount &+= 1
    }

    /// A packet to the server, and to its virtual server. Deleted ones count no more.
    @inline(__always)
    package mutating func countIncoming(_ server: RealServerIndex, byteCount: Int) {
        guard server != .none, self[server].isAvailable else { return }
        self[server].counters.incoming.add(byteCount)
        self[self[server].owner].counters.incoming.add(byteCount)
    }

    /// A packet from the server.
    @inline(__always)
    package mutating func countOutgoing(_ server: RealServerIndex, byteCount: Int) {
        guard server != .none, self[server].isAvailable else { return }
        self[server].counters.outgoing.add(byteCount)
        self[self[server].owner].counters.outgoing.add(byteCount)
    }
}

extension RealServer {
    /// Connections, templates apart.
    @inline(__always)
    private var connectionCount: Int64 { Int64(activeCount) &+ Int64(inactiveCount) }

    @inline(__always)
    fileprivate mutating func bind(isTemplate: Bool, isActive: Bool) {
        referenceCount &+= 1
        count(1, isTemplate: isTemplate, isActive: isActive)
        if rule.upperThreshold != 0, connectionCount >= Int64(rule.upperThreshold) {
            isOverloaded = true
        }
    }

    @inline(__always)
    fileprivate mutating func unbind(isTemplate: Bool, isActive: Bool) {
        referenceCount &-= 1
        count(-1, isTemplate: isTemplate, isActive: isActive)
        if isOverloaded, isRelieved { isOverloaded = false }
    }

    @inline(__always)
    private mutating func count(_ change: Int32, isTemplate: Bool, isActive: Bool) {
        if isTemplate {
            persistentCount &+= change
        } else if isActive {
            activeCount &+= change
        } else {
            inactiveCount &+= change
        }
    }

    /// Below the lower threshold; below three quarters of the upper one if there is only that.
    @inline(__always)
    private var isRelieved: Bool {
        if rule.lowerThreshold != 0 { return connectionCount < Int64(rule.lowerThreshold) }
        if rule.upperThreshold != 0 {
            return connectionCount &* 4 < Int64(rule.upperThreshold) &* 3
        }
        return true
    }
}
