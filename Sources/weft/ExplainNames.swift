// What the indices of a program are called in the stack: for text and JSON alike.
//
// Invariant: a name is the full one, stack prefix included, as `weft config` prints it.

import Dataplane
import Mesh
import Wire

struct MeshNames {
    let compilation: Compilation
    /// By node.
    let programs: [Program]
    private var cluster: Cluster { compilation.cluster }

    func program(_ node: NodeIndex) -> Program { programs[Int(node.rawValue)] }

    func node(_ index: NodeIndex) -> String { cluster.nodes[Int(index.rawValue)].name }

    func network(_ index: NetworkIndex) -> String { cluster.networks[Int(index.rawValue)].name }

    func task(_ index: EndpointIndex) -> String { compilation.task(index).name }

    /// The service behind an index of a program.
    func service(_ index: VirtualServiceIndex) -> String {
        let service = programs[0].services[index].service
        return cluster.services[Int(service.rawValue)].name
    }

    /// The network through which a virtual service is reached.
    func network(of index: VirtualServiceIndex) -> String {
        network(programs[0].services[index].network)
    }

    func owner(_ index: EndpointIndex) -> String { node(programs[0][index].node) }

    /// The address of a task on one network, of one family.
    func address(_ index: EndpointIndex, isIPv4: Bool) -> String {
        let endpoint = programs[0][index]
        let address = isIPv4 ? endpoint.address4?.description : endpoint.address6?.description
        return address ?? "no address"
    }

    func isHostMode(_ index: VirtualServiceIndex) -> Bool {
        compilation.hostPorts[Int(index.rawValue)] != nil
    }

    /// What became of a frame, in a few words.
    func outcome(_ verdict: Verdict, _ arrival: Arrival) -> String {
        switch verdict {
        case .pending: "not judged"
        case .transmitted(.underlay(let node)): "sent to \(self.node(node)), wrapped in VXLAN"
        case .transmitted(.clients): "sent to the client"
        case .transmitted(.link): "sent on by a link"
        case .delivered(let endpoint): "delivered to \(task(endpoint))"
        case .consumed(.neighbour): "left to the node's own stack, which answers ARP and ND"
        case .consumed(.host): "left to the node's own stack, which answers echo"
        case .consumed(.reassembled): "kept until its datagram is whole"
        case .dropped(let drop): "dropped, \(drop): \(drop.explanation)"
        case .held: "held until the first fragment of its datagram comes"
        }
    }
}
