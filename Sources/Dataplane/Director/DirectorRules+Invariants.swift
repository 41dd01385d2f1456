// What must hold of a director's rules between two changes. For tests, which ask after each one.
//
// Counts of entries are looked at only as far as the rules know them; that they are those of the
// connection table is for the table to check.

import Wire

extension DirectorRules {
    /// Places are used once, tables name what is there, and schedulers no one who is not.
    package func checkInvariants() -> Bool {
        checkPlaces() && checkLookup() && table.checkInvariants()
            && virtualServers.indices.allSatisfy { place in
                !virtualServers[place].isPresent || check(VirtualServerIndex(place))
            }
    }

    /// Each place is present or free, each server listed, in the trash or free.
    private func checkPlaces() -> Bool {
        let free = virtualServers.indices.filter { !virtualServers[$0].isPresent }
        let listed = virtualServers.flatMap(\.order)
        let places = listed + trash + freeServers
        return freeVirtualServers.map { Int($0.rawValue) }.sorted() == free
            && places.map { Int($0.rawValue) }.sorted() == Array(servers.indices)
            && listed.allSatisfy { self[$0].isAvailable }
            && trash.allSatisfy { !self[$0].isAvailable && !self[$0].isMasqueraded }
            && freeServers.allSatisfy { self[$0].referenceCount == 0 && !self[$0].isAvailable }
            && (trash.isEmpty || trashDeadline != .max)
    }

    private func checkLookup() -> Bool {
        let present = virtualServers.filter(\.isPresent)
        func count(_ port: UInt16) -> Int {
            present.count {
                if case .address(_, Port(port), _) = $0.rule.key { true } else { false }
            }
        }
        return ftpCount == count(21) && anyPortCount == count(0)
            && present.allSatisfy { server in
                index(of: server.rule.key).map { self[$0].rule.key } == server.rule.key
            }
    }

    private func check(_ place: VirtualServerIndex) -> Bool {
        let service = self[place]
        let members = service.order
        return members.allSatisfy {
            self[$0].owner == place && self[$0].isSound
                && index(of: self[$0].rule.address, self[$0].rule.port, in: place) == $0
        }
            && (-1..<max(service.order.count, 1)).contains(service.memory.position)
            && (service.memory.isStale
                || service.memory.slots.allSatisfy { $0 == .none || members.contains($0) })
            && service.memory.locality.checkInvariants()
    }
}

extension RealServer {
    fileprivate var isSound: Bool {
        activeCount >= 0 && inactiveCount >= 0 && persistentCount >= 0
            && referenceCount == activeCount + inactiveCount + persistentCount
    }
}
