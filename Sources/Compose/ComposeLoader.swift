// A Compose file to a mesh specification: the entry point of the module.
//
// Reads the legacy schema 3 of `docker stack deploy` and the Compose Specification alike. What a
// stack cannot honour is a warning, what makes no sense an error, both with line and column. All
// errors of a file are gathered into one `ComposeError`; a syntax error of YAML ends the reading.
// Invariant: the same text and options give the same result.

import Mesh

/// What the command line adds to a file.
public struct ComposeOptions: Equatable, Sendable {
    /// The stack's name; nil takes the file's `name:`, or `fallbackStack`.
    public var stack: String?
    /// The stack's name when nothing else says one, such as a file's: as much of it as a name may
    /// have, `stack` when that is nothing.
    public var fallbackStack: String
    /// Overrules the file: that many nodes, the described ones first.
    public var nodeCount: Int?
    /// What interpolation looks names up in.
    public var environment: [String: String]

    public init(
        stack: String? = nil, fallbackStack: String = "stack", nodeCount: Int? = nil,
        environment: [String: String] = [:]
    ) {
        self.stack = stack
        self.fallbackStack = fallbackStack
        self.nodeCount = nodeCount
        self.environment = environment
    }
}

public enum ComposeLoader {
    /// How many nodes a mesh has that says nothing about them.
    public static let nodeCountDefault = 3

    /// Reads `text`; `file` is what errors call it.
    public static func load(
        _ text: String, file: String, options: ComposeOptions = ComposeOptions()
    ) throws(ComposeError) -> LoadedStack {
        try load([ComposeSource(file: file, text: text)], options: options)
    }

    /// Reads several files as one stack, each laid over those before it.
    public static func load(
        _ sources: [ComposeSource], options: ComposeOptions = ComposeOptions()
    ) throws(ComposeError) -> LoadedStack {
        let first = Place(file: sources.first?.file ?? "-", line: 1, column: 1)
        var root = Tree(content: .mapping([]), place: first)
        var reader = StackReader(options: options)
        for source in sources {
            let document = try DocumentReader.read(source.text, file: source.file)
            for warning in document.warnings { reader.warn(warning) }
            let tree = reader.interpolated(document.tree)
            try check(tree, over: root)
            root = root.merged(withFile: tree)
        }
        let loaded = reader.stack(root)
        if let error = ComposeError(reader.errors, warnings: reader.warnings) { throw error }
        return loaded
    }

    private static func check(_ tree: Tree, over base: Tree) throws(ComposeError) {
        guard tree.entries != nil else {
            let message = "Top-level object must be a mapping"
            throw ComposeError(Diagnostic(place: tree.place, path: "", message: message))
        }
        guard case .scalar(let old, _)? = base["version"]?.value.content,
            let version = tree["version"], case .scalar(let new, _) = version.value.content,
            old != new
        else { return }
        let message = "version mismatched between two composefiles : \(old) and \(new)"
        throw ComposeError(Diagnostic(place: version.place, path: "version", message: message))
    }
}

/// One file's name and text.
public struct ComposeSource: Hashable, Sendable {
    public var file: String
    public var text: String

    public init(file: String, text: String) {
        self.file = file
        self.text = text
    }
}

extension StackReader {
    fileprivate mutating func stack(_ root: Tree) -> LoadedStack {
        for entry in root.entries ?? [] { checkTopLevel(entry) }
        if options.stack == nil, case .scalar(let name, _)? = root["name"]?.value.content {
            stack = name
        }
        let mesh = mesh(root["x-mesh"], root: root.place)
        let services = root["services"].map { self.services($0.value) } ?? []
        if services.isEmpty, errors.isEmpty {
            fail(root["services"]?.place ?? root.place, "services", "a stack needs a service")
        }
        let declared = root["networks"].map { self.networks($0.value) } ?? []
        let networks = usedNetworks(declared, by: services)
        let nodes = nodes(of: mesh, root: root.place)
        let specification = ClusterSpecification(
            name: stack, settings: mesh.settings, nodes: nodes.map(\.node),
            ingress: mesh.ingress, networks: networks.map(\.specification),
            services: services.map(\.specification))
        return LoadedStack(
            specification: specification, warnings: warnings,
            unsupportedOptions: unsupportedKeys.sorted(),
            places: StackPlaces(
                root: root.place, ingress: mesh.ingressPlace, nodes: nodes.map(\.place),
                networks: networks.map(\.place), services: services.map(\.place),
                ports: services.map(\.portPlaces), attachments: services.map(\.attachmentPlaces)))
    }

    private mutating func checkTopLevel(_ entry: Tree.Entry) {
        switch entry.key {
        case "version", "name": _ = string(entry.value, entry.key)
        case "services", "networks", "x-mesh": break
        case "volumes", "secrets", "configs": _ = mapping(entry.value, entry.key)
        case "include", "models":
            fail(entry.place, entry.key, "not supported, name every file on the command line")
        default:
            if !entry.key.hasPrefix("x-") {
                fail(entry.place, "", "Additional property \(entry.key) is not allowed")
            }
        }
    }

    /// Docker creates only the networks that services refer to; `default` needs no declaration.
    private mutating func usedNetworks(
        _ declared: [ReadNetwork], by services: [ReadService]
    ) -> [ReadNetwork] {
        let used = Set(services.flatMap { $0.specification.attachments.map(\.network) })
        let known = Set(declared.map(\.specification.shortName))
        for service in services {
            let attachments = service.specification.attachments
            for (attachment, place) in zip(attachments, service.attachmentPlaces) {
                let name = attachment.network
                if name == "default" || name == "ingress" || known.contains(name) { continue }
                let path = "services.\(service.specification.shortName).networks"
                fail(place, path, "undefined network \"\(name)\"")
            }
        }
        var networks: [ReadNetwork] = []
        for network in declared {
            let name = network.specification.shortName
            if used.contains(name) {
                networks.append(network)
            } else {
                warn(network.place, "networks.\(name)", "no service uses it, so it is not created")
            }
        }
        if used.contains("default"), !known.contains("default"), let first = services.first {
            let network = NetworkSpecification(name: "\(stack)_default", shortName: "default")
            networks.insert(ReadNetwork(specification: network, place: first.place), at: 0)
        }
        return networks
    }

    private mutating func nodes(
        of mesh: ReadMesh, root: Place
    ) -> [(node: NodeSpecification, place: Place)] {
        let declared = mesh.nodes ?? []
        let fallback =
            mesh.nodeCount ?? (mesh.nodes == nil ? ComposeLoader.nodeCountDefault : declared.count)
        let count = options.nodeCount ?? fallback
        guard (1...MeshLimits.nodeCountMax).contains(count) else {
            fail(root, "x-mesh.nodes", "must be between 1 and \(MeshLimits.nodeCountMax) nodes")
            return []
        }
        let isDualStack = mesh.settings.isIPv6Wanted
        return (0..<count).map { index in
            if index < declared.count { return declared[index] }
            return (.standard(index, isDualStack: isDualStack), root)
        }
    }
}
