// A loaded stack: the specification, what was remarked, and where everything was written, so that
// an error found later, when addresses and ports are decided, still names a line and a column.

import Mesh

public struct LoadedStack: Sendable {
    public var specification: ClusterSpecification
    public var warnings: [Diagnostic]
    /// The names docker lists as `Ignoring unsupported options: ...`, sorted.
    public var unsupportedOptions: [String]
    let places: StackPlaces

    /// Docker's line about the keys it ignores, nil when there are none.
    public var unsupportedOptionsLine: String? {
        if unsupportedOptions.isEmpty { return nil }
        return "Ignoring unsupported options: " + unsupportedOptions.joined(separator: ", ")
    }

    /// The cluster, or the refusal at the line that caused it.
    public func assemble() throws(ComposeError) -> Cluster {
        do throws(MeshError) {
            return try Cluster.assemble(specification)
        } catch {
            throw ComposeError(places.diagnostic(error, specification))
        }
    }
}

struct StackPlaces: Sendable {
    var root: Place
    var ingress: Place
    var nodes: [Place]
    var networks: [Place]
    var services: [Place]
    var ports: [[Place]]
    var attachments: [[Place]]

    func diagnostic(_ error: MeshError, _ specification: ClusterSpecification) -> Diagnostic {
        func service(_ index: Int) -> String {
            "services.\(specification.services[index].shortName)"
        }
        let (place, path): (Place, String) =
            switch error.subject {
            case .cluster: (root, "")
            case .ingress: (ingress, "x-mesh.ingress")
            case .node(let index): (nodes[index], "x-mesh.nodes.\(index)")
            case .network(let index):
                (networks[index], "networks.\(specification.networks[index].shortName)")
            case .service(let index): (services[index], service(index))
            case .port(let owner, let index): (ports[owner][index], "\(service(owner)).ports")
            case .attachment(let owner, let index):
                (attachments[owner][index], "\(service(owner)).networks")
            }
        return Diagnostic(place: place, path: path, message: error.description)
    }
}
