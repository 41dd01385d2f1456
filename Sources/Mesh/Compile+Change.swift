// A change of one task, taken into a compilation without compiling anew.
//
// What a task's weight, state, node and addresses lead to is a few endpoints and the rows of its
// service; everything else of a program, ten thousand services perhaps, stays as it is. Invariant:
// after a change a compilation is that of the changed cluster, and a program that took the change in
// does what one compiled from that cluster does.

import Dataplane

extension Compilation {
    /// Takes in what has become of a task: its weight, its state, the node that runs it, its addresses
    /// on the networks it is on. Says what that does to the programs made before; nil, and nothing is
    /// changed, where it does more than replace, and a new compilation is needed.
    ///
    /// The first change after a copy was made, of this or of its cluster, copies the tables that are
    /// shared with it.
    public mutating func replace(_ task: Task, epoch: UInt64) -> ProgramChange? {
        guard task.id.rawValue < cluster.tasks.count else { return nil }
        let old = cluster[task.id]
        let service = cluster[task.service]
        let hasHostPorts = service.ports.contains { $0.mode == .host }
        guard old.service == task.service, old.slot == task.slot, old.name == task.name,
            old.endpoints.map(\.network) == task.endpoints.map(\.network),
            old.node == task.node || !hasHostPorts
        else { return nil }
        cluster.tasks[task.id.rawValue] = task
        var change = ProgramChange(epoch: epoch)
        replaceEndpoints(of: task, noting: &change)
        if old.backend != task.backend { replaceRows(of: service, task.node, noting: &change) }
        return change
    }

    private mutating func replaceEndpoints(of task: Task, noting change: inout ProgramChange) {
        let first = firstEndpoint[task.id.rawValue]
        let places = first..<first + task.endpoints.count
        for (place, endpoint) in zip(places, task.endpoints) {
            let endpoint = Dataplane.Endpoint(task, endpoint)
            guard endpoints[place] != endpoint else { continue }
            change.endpoints.append((EndpointIndex(place), endpoint))
            addresses.withdraw(endpoints[place])
        }
        for (index, endpoint) in change.endpoints {
            endpoints[Int(index.rawValue)] = endpoint
            addresses.announce(endpoint, as: index)
        }
    }

    /// Fills the rows anew that lead to tasks of a service, of host-mode ports those of one node.
    private mutating func replaceRows(
        of service: Service, _ node: NodeID, noting change: inout ProgramChange
    ) {
        let shared = slots(of: service)
        for position in firstRow[service.id.rawValue]..<firstRow[service.id.rawValue + 1] {
            let index = VirtualServiceIndex(position)
            var slots = shared
            if let port = hostPorts[position] {
                guard port.node == node else { continue }
                slots = Self.slots(of: hostTasks(of: service.id, on: node))
            }
            let isAttached = !services.endpoints(of: services[index]).contains(.none)
            change.rows.append((index, isAttached ? slots : []))
        }
        for (index, slots) in change.rows { services.replaceSlots(of: index, with: slots) }
    }
}
