// `services`: each entry to a service specification, with the places its parts were written at.
// Invariant: places and specifications have the same order, which is the file's.

import Mesh
import Wire

/// A service as read, before the networks it names are known.
struct ReadService {
    var specification: ServiceSpecification
    var place: Place
    var portPlaces: [Place] = []
    /// What the key `scale` says, which is another name of `deploy.replicas`.
    var scale: (count: Int, place: Place)?
    var attachmentPlaces: [Place] = []
}

extension StackReader {
    mutating func services(_ tree: Tree) -> [ReadService] {
        mapping(tree, "services").map { service($0) }
    }

    private mutating func service(_ entry: Tree.Entry) -> ReadService {
        let path = "services.\(entry.key)"
        let name = "\(stack)_\(entry.key)"
        var service = ReadService(
            specification: ServiceSpecification(name: name, shortName: entry.key),
            place: entry.place)
        let entries = mapping(entry.value, path)
        for child in entries { read(child, "\(path).\(child.key)", parent: path, into: &service) }
        if entry.value["networks"] == nil { attachToDefault(&service) }
        if service.specification.image.isEmpty {
            warn(entry.place, path, "no image specified, docker would refuse the service")
        }
        settleReplicas(entry.value["deploy"]?.value["replicas"], path, &service)
        return service
    }

    private mutating func read(
        _ entry: Tree.Entry, _ path: String, parent: String, into service: inout ReadService
    ) {
        let value = entry.value
        switch entry.key {
        case "image": service.specification.image = string(value, path) ?? "invalid"
        case "deploy": deploy(value, path, into: &service.specification)
        case "scale":
            if let count = replicaCount(value, path) { service.scale = (count, value.place) }
        case "ports":
            let ports = ports(value, path)
            service.specification.ports = ports.map(\.port)
            service.portPlaces = ports.map(\.place)
        case "networks": attachments(value, path, into: &service)
        case "labels": _ = labels(value, path)
        case "x-mesh": meshOptions(value, path, into: &service.specification)
        default: report(entry, path, parent: parent)
        }
    }

    /// A key that is not read: says what becomes of it.
    private mutating func report(_ entry: Tree.Entry, _ path: String, parent: String) {
        let key = entry.key
        if key.hasPrefix("x-") || ServiceKeys.passedOver.contains(key) { return }
        if ServiceKeys.unsupported.contains(key) {
            unsupportedKeys.insert(key)
            warn(entry.place, path, "unsupported option, ignored")
        } else if ServiceKeys.specificationOnly.contains(key) {
            warn(entry.place, path, "not available in a stack, ignored")
        } else if ServiceKeys.deprecated.contains(key) {
            warn(
                entry.place, path, "deprecated option, ignored: \(ServiceKeys.deprecation(of: key))"
            )
        } else if ServiceKeys.forbidden.contains(key) {
            fail(entry.place, path, "compose file contains unsupported options: \(key)")
        } else {
            failUnknown(entry, parent)
        }
    }

    mutating func replicaCount(_ tree: Tree, _ path: String) -> Int? {
        integer(tree, path, in: 0...MeshLimits.replicaCountMax)
    }

    /// `scale` and `deploy.replicas` must agree, and neither goes with the mode `global`.
    private mutating func settleReplicas(
        _ replicas: Tree.Entry?, _ path: String, _ service: inout ReadService
    ) {
        if service.specification.mode == .global {
            let message = "replicas can only be used with replicated mode"
            if let replicas { fail(replicas.place, "\(path).deploy.replicas", message) }
            if let scale = service.scale { fail(scale.place, "\(path).scale", message) }
        } else if let scale = service.scale {
            let mode = Service.Mode.replicated(scale.count)
            if replicas != nil, service.specification.mode != mode {
                let message = "can't set distinct values on 'scale' and 'deploy.replicas'"
                fail(scale.place, "\(path).scale", message)
            }
            service.specification.mode = mode
        }
    }

    /// A service that names no network is on `default`, as in docker.
    private func attachToDefault(_ service: inout ReadService) {
        service.specification.attachments = [
            .init(network: "default", aliases: [service.specification.shortName])
        ]
        service.attachmentPlaces = [service.place]
    }

    private mutating func attachments(
        _ tree: Tree, _ path: String, into service: inout ReadService
    ) {
        var names: [(name: String, place: Place, aliases: [String])] = []
        if case .sequence(let trees) = tree.content {
            for (index, tree) in trees.enumerated() {
                guard let name = string(tree, "\(path).\(index)") else { continue }
                names.append((name, tree.place, []))
            }
        } else {
            for entry in mapping(tree, path) {
                let aliases = attachmentAliases(entry.value, "\(path).\(entry.key)")
                names.append((entry.key, entry.place, aliases))
            }
        }
        if names.isEmpty { return attachToDefault(&service) }
        let own = service.specification.shortName
        for (name, place, aliases) in names {
            service.specification.attachments.append(
                .init(network: name, aliases: [own] + aliases.filter { $0 != own }))
            service.attachmentPlaces.append(place)
        }
    }

    private mutating func attachmentAliases(_ tree: Tree, _ path: String) -> [String] {
        var aliases: [String] = []
        for entry in mapping(tree, path) {
            let key = "\(path).\(entry.key)"
            switch entry.key {
            case "aliases": aliases = strings(entry.value, key)
            case "ipv4_address", "ipv6_address", "link_local_ips", "mac_address":
                warn(entry.place, key, "ignored, the mesh assigns addresses to tasks")
            case "driver_opts", "gw_priority", "interface_name", "priority":
                warn(entry.place, key, "unsupported option, ignored")
            default: if !entry.key.hasPrefix("x-") { failUnknown(entry, path) }
            }
        }
        return aliases
    }

    /// `x-mesh` of a service: what Compose has no key for.
    private mutating func meshOptions(
        _ tree: Tree, _ path: String, into service: inout ServiceSpecification
    ) {
        for entry in mapping(tree, path) {
            let key = "\(path).\(entry.key)"
            switch entry.key {
            case "replicas_max":
                service.replicaCountMax = integer(
                    entry.value, key, in: 1...MeshLimits.replicaCountMax)
            case "scheduler":
                let scheduler = choice(entry.value, key, as: Service.Scheduler.self)
                service.scheduler = scheduler ?? service.scheduler
            case "weights":
                for (index, item) in list(entry.value, key).enumerated() {
                    let weight = integer(item, "\(key).\(index)", in: 0...Int(MeshLimits.weightMax))
                    service.weights.append(UInt32(weight ?? 1))
                }
            default: failUnknown(entry, path)
            }
        }
    }
}
