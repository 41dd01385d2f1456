// Tasks by the names that people give them: `web_web.1`, as docker writes it, or `web.1` without the name of
// the stack. Invariant: a whole name is never taken for a short one of another task.

import Mesh

extension Cluster {
    func task(named name: String) -> Task? {
        tasks.first { $0.name == name } ?? tasks.first { shortName(of: $0) == name }
    }

    /// Without the name of the stack.
    func shortName(of task: Task) -> String {
        let service = self[task.service]
        return service.shortName + task.name.dropFirst(service.name.count)
    }

    /// The tasks of these names, in the order of the names.
    public func tasks(named names: [String]) throws(ReplayError) -> [Task] {
        var found: [Task] = []
        for name in names {
            guard let task = task(named: name) else {
                throw .unknownTask(name, tasks: tasks.map(\.name))
            }
            found.append(task)
        }
        return found
    }
}
