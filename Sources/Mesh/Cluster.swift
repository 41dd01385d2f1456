// A cluster: everything the operator declared, with every address, number and place decided.
//
// Invariant: a cluster comes from `assemble` and is a plain value; whatever two nodes compute from
// equal clusters is equal. Each element's `id` is its position. `checkInvariants()` states the
// rest: what is unique, what lies inside what.

public struct Cluster: Equatable, Sendable {
    public var name: String
    public var settings: ClusterSettings
    public var nodes: [Node]
    /// The ingress network first, then the declared ones.
    public var networks: [Network]
    public var services: [Service]
    /// The placed tasks, grouped by service in declaration order, slots ascending.
    public var tasks: [Task]
    /// The tasks no node would take, each with the scheduler's reason. They hold addresses, as
    /// Swarm's do, and receive nothing.
    public var pendingTasks: [PendingTask]

    public init(
        name: String, settings: ClusterSettings, nodes: [Node], networks: [Network],
        services: [Service], tasks: [Task], pendingTasks: [PendingTask] = []
    ) {
        self.name = name
        self.settings = settings
        self.nodes = nodes
        self.networks = networks
        self.services = services
        self.tasks = tasks
        self.pendingTasks = pendingTasks
    }

    public subscript(id: NodeID) -> Node { nodes[id.rawValue] }
    public subscript(id: NetworkID) -> Network { networks[id.rawValue] }
    public subscript(id: ServiceID) -> Service { services[id.rawValue] }
    public subscript(id: TaskID) -> Task { tasks[id.rawValue] }

    /// The placed tasks of a service, slots ascending. A binary search: tasks are grouped by
    /// service.
    public func tasks(of service: ServiceID) -> ArraySlice<Task> {
        tasks[firstTask(from: service.rawValue)..<firstTask(from: service.rawValue + 1)]
    }

    /// The position of the first task whose service is `service` or a later one.
    private func firstTask(from service: Int) -> Int {
        var low = 0
        var high = tasks.count
        while low < high {
            let middle = (low + high) / 2
            if tasks[middle].service.rawValue < service { low = middle + 1 } else { high = middle }
        }
        return low
    }

    public var ingress: Network? { networks.first { $0.isIngress } }

    public func node(named name: String) -> Node? { nodes.first { $0.name == name } }

    /// The service of that full name, or failing that of that short name.
    public func service(named name: String) -> Service? {
        services.first { $0.name == name } ?? services.first { $0.shortName == name }
    }
}
