// `services.*.deploy`: how many tasks, where, and how the service is reached.
// Keys that decide nothing about the network are known and passed over, or warned about by name.

import Mesh

extension StackReader {
    private enum Mode: String, CaseIterable { case replicated, global }

    mutating func deploy(
        _ tree: Tree, _ path: String, into service: inout ServiceSpecification
    ) {
        var isGlobal = false
        for entry in mapping(tree, path) {
            let key = "\(path).\(entry.key)"
            switch entry.key {
            case "mode": isGlobal = choice(entry.value, key, as: Mode.self) == .global
            case "replicas":
                if let count = replicaCount(entry.value, key) { service.mode = .replicated(count) }
            case "endpoint_mode":
                let mode = choice(entry.value, key, as: Service.EndpointMode.self)
                service.endpointMode = mode ?? service.endpointMode
            case "labels": service.labels = labels(entry.value, key)
            case "placement": placement(entry.value, key, into: &service)
            case "update_config", "rollback_config", "resources", "restart_policy":
                _ = mapping(entry.value, key)
            default: if !entry.key.hasPrefix("x-") { failUnknown(entry, path) }
            }
        }
        if isGlobal { service.mode = .global }
    }

    private mutating func placement(
        _ tree: Tree, _ path: String, into service: inout ServiceSpecification
    ) {
        for entry in mapping(tree, path) {
            let key = "\(path).\(entry.key)"
            switch entry.key {
            case "constraints": service.constraints = constraints(entry.value, key)
            case "max_replicas_per_node":
                let count = integer(entry.value, key, in: 0...MeshLimits.replicaCountMax)
                service.maxReplicasPerNode = count ?? 0
            case "preferences":
                warn(entry.place, key, "ignored, tasks are spread over nodes")
            default: if !entry.key.hasPrefix("x-") { failUnknown(entry, path) }
            }
        }
    }

    private mutating func constraints(_ tree: Tree, _ path: String) -> [Constraint] {
        list(tree, path).enumerated().compactMap { index, item in
            let itemPath = "\(path).\(index)"
            guard let text = string(item, itemPath) else { return nil }
            do throws(ConstraintError) {
                return try Constraint(parsing: text)
            } catch {
                fail(item.place, itemPath, "\(error)")
                return nil
            }
        }
    }
}
