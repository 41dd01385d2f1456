// How connections end: by their deadline, at once, with their server, or to make room. The rules
// for templates are those of ip_vs_conn_expire (ip_vs_conn.c): one that still has connections is
// given another minute, and one that was never used to the end goes with its last connection when
// that is taken away before its time.
//
// Invariant: whatever ends is unbound from its server, so that the server's counts stay right.

import Wire

extension ConnectionTable {
    /// Ends what is due at `now`, in the order of the deadlines, and makes `now` the table's time.
    /// To be called before every packet; costs a comparison when nothing is due. Time never goes
    /// back.
    @inline(__always)
    package mutating func expire(now: UInt64, rules: inout DirectorRules) {
        guard wheel.isIdle(now) else { return expireDue(now: now, rules: &rules) }
        wheel.skip(to: now)
    }

    private mutating func expireDue(now: UInt64, rules: inout DirectorRules) {
        endDue(rules: &rules)
        while let slot = wheel.turn(to: now) {
            visit(slot, rules: &rules)
            endDue(rules: &rules)
        }
    }

    /// Ends what is due in a slot, moves the rest on, and puts templates with what is due: those
    /// that end at the same tick as their last connection go after it, as the kernel's timers have
    /// it.
    private mutating func visit(_ slot: UInt16, rules: inout DirectorRules) {
        while wheel.first(of: slot) != .none {
            let index = wheel.first(of: slot)
            if connections[index.place].isTemplate
                || wheel.ticks(to: connections[index.place].deadline) > 0
            {
                wheel.unlink(index, in: &connections)
                wheel.link(index, in: &connections)
            } else {
                end(index, withTemplate: false, rules: &rules)
            }
        }
    }

    /// Ends what is due already: connections first, then templates that have none.
    private mutating func endDue(rules: inout DirectorRules) {
        let slot = TimingWheel.dueSlot
        var index = wheel.first(of: slot)
        while index != .none {
            let after = connections[index.place].next
            if !connections[index.place].isTemplate { endOrMove(index, rules: &rules) }
            index = after
        }
        while wheel.first(of: slot) != .none { endOrMove(wheel.first(of: slot), rules: &rules) }
    }

    private mutating func endOrMove(_ index: ConnectionIndex, rules: inout DirectorRules) {
        if wheel.ticks(to: connections[index.place].deadline) > 0 {
            wheel.unlink(index, in: &connections)
            wheel.link(index, in: &connections)
        } else if connections[index.place].controlledCount > 0 {
            hold(index)
        } else {
            end(index, withTemplate: false, rules: &rules)
        }
    }

    /// Gives a template that still has connections another minute.
    private mutating func hold(_ index: ConnectionIndex) {
        wheel.unlink(index, in: &connections)
        connections[index.place].timeout = Connection<Address>.heldTimeout
        connections[index.place].deadline = wheel.deadline(in: Connection<Address>.heldTimeout)
        wheel.link(index, in: &connections)
    }

    /// Puts the deadline off to the connection's timeout, from now on (ip_vs_conn_put). One for a
    /// single packet ends.
    @inline(__always)
    package mutating func touch(_ index: ConnectionIndex, rules: inout DirectorRules) {
        if connections[index.place].isOnePacket {
            return end(index, withTemplate: false, rules: &rules)
        }
        if connections[index.place].restart(wheel.tick) { bringForward(index) }
    }

    /// Moves a connection in the wheel if its slot would be visited after its deadline.
    mutating func bringForward(_ index: ConnectionIndex) {
        let ticks = wheel.ticks(to: connections[index.place].deadline)
        let visit = wheel.visit(of: connections[index.place].slot)
        guard Int64(ticks) < Int64(truncatingIfNeeded: visit &- wheel.clock) else { return }
        wheel.unlink(index, in: &connections)
        wheel.link(index, in: &connections)
    }

    /// Makes the connection end at the next call of `expire`, whatever its state: until then
    /// schedulers still count it, as they do in the kernel until its next tick.
    package mutating func expireNow(_ index: ConnectionIndex) {
        guard wheel.ticks(to: connections[index.place].deadline) > 0 else { return }
        connections[index.place].deadline = wheel.deadline(in: 0)
        bringForward(index)
    }

    /// Ends a connection that names none other. With `withTemplate`, its template goes too if this
    /// was its last connection and none of them was ever established.
    mutating func end(
        _ index: ConnectionIndex, withTemplate: Bool, rules: inout DirectorRules
    ) {
        let connection = connections[index.place]
        let template = connection.template
        if template != .none { connections[template.place].control &-= 1 }
        if connection.realServer != .none {
            rules.unbind(
                connection.realServer, isTemplate: connection.isTemplate,
                isActive: connection.isActive)
        }
        remove(index)
        guard template != .none, connections[template.place].control == 0 else { return }
        if withTemplate, connections[template.place].state == 0 {
            end(template, withTemplate: false, rules: &rules)
        } else if connections[template.place].isExpendable {
            evictionQueue.append(template, in: &connections)
        }
    }

    /// Ends the connections of servers that are in no service any more, and their templates
    /// (ip_vs_expire_nodest_conn_flush): called after a deletion if `expireNodestConn` is set.
    package mutating func expireOfDeletedServers(rules: inout DirectorRules) {
        guard rules.settings.expireNodestConn else { return }
        for place in connections.indices where connections[place].isInUse {
            let server = connections[place].realServer
            guard server != .none, !rules[server].isAvailable else {
                continue
            }
            endWithTemplate(ConnectionIndex(place), rules: &rules)
        }
    }

    /// Ends everything, as unloading ip_vs does. Flushing the rules (`ipvsadm -C`) does not.
    package mutating func removeAll(rules: inout DirectorRules) {
        for place in connections.indices where connections[place].isInUse {
            endWithTemplate(ConnectionIndex(place), rules: &rules)
        }
    }

    /// Ends a connection, and its template as soon as that has no other; leaves a template with
    /// connections to the last of them.
    private mutating func endWithTemplate(_ index: ConnectionIndex, rules: inout DirectorRules) {
        guard connections[index.place].controlledCount == 0 else { return }
        let template = connections[index.place].template
        end(index, withTemplate: false, rules: &rules)
        guard template != .none, connections[template.place].control == 0 else { return }
        end(template, withTemplate: false, rules: &rules)
    }
}
