// Stands in for what the rules will do; to be removed when they are merged.
//
// Temporary.

import Wire

extension DirectorRules {
    mutating func schedule(
        _ server: VirtualServerIndex, _ request: SchedulingRequest
    ) -> RealServerIndex? {
        virtualServers[Int(server.rawValue)].order.first { servers[Int($0.rawValue)].isUsable }
    }

    mutating func bind(_ server: RealServerIndex, isTemplate: Bool, isActive: Bool) {
        let place = Int(server.rawValue)
        servers[place].referenceCount += 1
        if isTemplate {
            servers[place].persistentCount += 1
        } else if isActive {
            servers[place].activeCount += 1
        } else {
            servers[place].inactiveCount += 1
        }
    }

    mutating func unbind(_ server: RealServerIndex, isTemplate: Bool, isActive: Bool) {
        let place = Int(server.rawValue)
        servers[place].referenceCount -= 1
        if isTemplate {
            servers[place].persistentCount -= 1
        } else if isActive {
            servers[place].activeCount -= 1
        } else {
            servers[place].inactiveCount -= 1
        }
    }

    mutating func setActive(_ server: RealServerIndex, from: Bool, to: Bool) {
        let place = Int(server.rawValue)
        guard from != to else { return }
        servers[place].activeCount += to ? 1 : -1
        servers[place].inactiveCount += to ? -1 : 1
    }

    mutating func countConnection(to server: RealServerIndex, of virtual: VirtualServerIndex) {
        servers[Int(server.rawValue)].counters.connectionCount += 1
        virtualServers[Int(virtual.rawValue)].counters.connectionCount += 1
    }

    func isOnePacket(_ server: RealServerIndex) -> Bool {
        let key = servers[Int(server.rawValue)].virtualServer
        return virtualServers.contains { $0.rule.key == key && $0.rule.isOnePacket }
    }
}
