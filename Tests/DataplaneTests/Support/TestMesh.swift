// A small mesh under test. Frames sent into it travel from node to node until nothing is on the
// wire; what became of them at each node comes back in order.
//
// Addresses: node n has VTEP 198.51.100.(10+n) or 2001:db8:0:2::(10+n) and client addresses
// 192.0.2.(10+n) and 2001:db8:0:1::(10+n), n from 1.

import Dataplane
import Mesh
import Testing
import Wire

/// What became of a frame at one node.
struct Step {
    var node: Int
    var outcome: Outcome

    var verdict: Verdict { outcome.verdict }
    var bytes: [UInt8] { outcome.bytes }
    var isGenerated: Bool { outcome.frame.isGenerated }
}

final class TestMesh {
    let compilation: Compilation
    let nodes: [TestNode]
    /// Nanoseconds.
    var now: UInt64 = .seconds(1_000)

    init(_ cluster: Cluster, flowCount: Int = 256, flowCountMax: Int = 1 << 16) {
        let compilation = Compilation(cluster)
        self.compilation = compilation
        nodes = cluster.nodes.map {
            TestNode(
                compilation.program(for: $0.id), flowCount: flowCount, flowCountMax: flowCountMax)
        }
    }

    var cluster: Cluster { compilation.cluster }

    /// Any node's program; they differ in what only that node has.
    func program(_ node: Int = 0) -> Program { nodes[node].program }

    /// Sends frames from the network into a node, as one batch.
    @discardableResult
    func send(
        _ frames: [UInt8]..., at node: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) -> [Step] {
        carry(frames.map { Input(bytes: $0) }, at: node, sourceLocation: sourceLocation)
    }

    /// Sends a frame from a task into its node.
    @discardableResult
    func send(
        _ frames: [UInt8]..., from endpoint: EndpointIndex,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> [Step] {
        carry(
            frames.map { Input(bytes: $0, arrival: .task(endpoint)) },
            at: Int(program()[endpoint].node.rawValue), sourceLocation: sourceLocation)
    }

    /// Judges frames at a node and whatever it sent to other nodes there.
    func carry(
        _ inputs: [Input], at node: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) -> [Step] {
        var steps: [Step] = []
        for outcome in nodes[node].judge(inputs, now: now, sourceLocation: sourceLocation) {
            steps.append(Step(node: node, outcome: outcome))
            guard case .transmitted(.underlay(let target)) = outcome.verdict else { continue }
            let frame = outcome.frame
            steps += carry(
                [Input(bytes: outcome.bytes, wireByteCount: frame.wireByteCount, id: frame.id)],
                at: Int(target.rawValue), sourceLocation: sourceLocation)
        }
        return steps
    }
}

// Who is who.
extension TestMesh {
    func address(_ node: Int, isIPv6: Bool = false) -> IPAddress {
        cluster.nodes[node].addresses[isIPv6 ? 1 : 0]
    }

    func vtep(_ node: Int) -> IPAddress { cluster.nodes[node].vtep }

    func network(_ name: String) -> NetworkIndex {
        NetworkIndex(cluster.networks.firstIndex { $0.name == name } ?? -1)
    }

    /// A task's endpoint on a network, tasks counted from 0.
    func endpoint(_ service: String, _ slot: Int, on network: String = "ingress") -> EndpointIndex {
        guard let service = cluster.service(named: service),
            let id = cluster.networks.first(where: { $0.name == network })?.id
        else { fatalError("no service \(service) or no network \(network)") }
        let tasks = Array(cluster.tasks(of: service.id))
        return compilation.endpointIndex(tasks[slot], on: id)
    }

    func address(of endpoint: EndpointIndex, isIPv6: Bool = false) -> IPAddress {
        let endpoint = program()[endpoint]
        guard
            let address = isIPv6
                ? endpoint.address6.map(IPAddress.v6) : endpoint.address4.map(IPAddress.v4)
        else { fatalError("no address of this family") }
        return address
    }

    /// A service's virtual address on a network.
    func virtualAddress(
        _ service: String, on network: String, isIPv6: Bool = false
    ) -> IPAddress {
        let id = cluster.networks.first { $0.name == network }?.id
        let address = cluster.service(named: service)?.virtualAddresses.first { $0.network == id }
        guard let found = isIPv6 ? address?.v6.map(IPAddress.v6) : address?.v4.map(IPAddress.v4)
        else { fatalError("no virtual address") }
        return found
    }

    /// The task that a client's packet to a node's published port goes to.
    func choice(_ draft: Draft) -> Choice? {
        let port = Port(draft.targetPort)
        guard let binding = program().ports.find(draft.proto, port) else { return nil }
        return program().choose(
            FlowKey(
                client: IPv6Address(draft.source), clientPort: Port(draft.sourcePort),
                servicePort: port, proto: draft.proto),
            service: binding.service, target: binding.target)
    }

    /// The same packet from the first client port, from 40000 on, whose flow a given node owns.
    func aimed(_ draft: Draft, atOwner node: Int) -> Draft {
        for port in UInt16(40_000)...60_000 {
            let candidate = draft.with(\.sourcePort, port)
            if let choice = choice(candidate), program()[choice.endpoint].node.rawValue == node {
                return candidate
            }
        }
        fatalError("node \(node) owns no task of port \(draft.targetPort)")
    }
}
