// A written flow, looked up in a cluster: which addresses its first packet carries, and whether it
// comes from outside the mesh or leaves a task.
//
// Invariant: both addresses are of one family; and a name that is not known is refused with the
// names that are.

import Dataplane
import Mesh
import Wire

public struct FlowAim: Equatable, Sendable {
    public var proto: IPProtocol
    public var source: IPAddress
    public var sourcePort: Port
    public var destination: IPAddress
    public var destinationPort: Port
    /// The task's attachment that sends it; nil for a client outside the mesh.
    public var sender: EndpointIndex?
}

extension FlowAim {
    /// Looks `flow` up; `text` is what errors show.
    public init(
        _ flow: FlowText, _ text: String, _ compilation: Compilation
    ) throws(FlowError) {
        let lookup = FlowLookup(text: text, compilation: compilation)
        let sender = try lookup.sender(flow.source, flow.destination)
        let destination = try lookup.destination(flow.destination, flow.source, sender)
        let source = try lookup.source(flow.source, sender, isIPv4: destination.isV4)
        guard source.isV4 == destination.isV4 else {
            throw lookup.fail(flow.destination, "\(destination) is not of the family of \(source)")
        }
        self.init(
            proto: flow.proto, source: source, sourcePort: flow.source.port,
            destination: destination, destinationPort: flow.destination.port,
            sender: sender.map { compilation.endpointIndex($0.task, on: $0.network.id) })
    }
}

extension IPAddress {
    var isV4: Bool { if case .v4 = self { true } else { false } }
}

private struct FlowLookup {
    /// A task that sends, and the network it sends on.
    struct Sender {
        var task: Task
        var network: Network
    }

    /// More names than this no message should list.
    private static let listedCountMax = 40

    let text: String
    private let cluster: Cluster
    /// Any node's: all hold the same addresses.
    private let program: Program

    init(text: String, compilation: Compilation) {
        self.text = text
        cluster = compilation.cluster
        program = compilation.program(for: NodeID(0))
    }

    func fail(_ end: FlowEnd, _ reason: String) -> FlowError {
        FlowError(text: text, column: end.column, reason: reason)
    }

    /// The task that a source names or whose address it is; nil for a client.
    func sender(_ source: FlowEnd, _ destination: FlowEnd) throws(FlowError) -> Sender? {
        switch source.host {
        case .address(let address):
            for task in cluster.tasks {
                for endpoint in task.endpoints where endpoint.has(address) {
                    return Sender(task: task, network: cluster[endpoint.network])
                }
            }
            return nil
        case .name(let name):
            guard let task = cluster.task(named: name) else {
                let known = listed(cluster.tasks.map(cluster.shortName))
                throw fail(source, "no task '\(name)' (\(known)); a client is an address")
            }
            let network = try network(of: task, for: destination)
            return Sender(task: task, network: network)
        }
    }

    /// The network that a task reaches a destination on: one both are attached to, a declared one
    /// rather than ingress.
    private func network(of task: Task, for end: FlowEnd) throws(FlowError) -> Network {
        let attached = task.endpoints.map { cluster[$0.network] }
        let ordered = attached.filter { !$0.isIngress } + attached.filter(\.isIngress)
        let found = ordered.first { network in
            switch end.host {
            case .address(let address): isMeshAddress(address, on: network)
            case .name(let name): self.address(named: name, on: network, isIPv4: nil) != nil
            }
        }
        guard let network = found ?? ordered.first else {
            throw fail(end, "task \(task.name) is on no network")
        }
        return network
    }

    func source(
        _ end: FlowEnd, _ sender: Sender?, isIPv4: Bool
    ) throws(FlowError) -> IPAddress {
        if case .address(let address) = end.host { return address }
        guard let sender, let endpoint = sender.task.endpoint(on: sender.network.id),
            let address = endpoint.address(isIPv4: isIPv4)
        else {
            let family = isIPv4 ? "IPv4" : "IPv6"
            throw fail(end, "the task has no \(family) address to send from")
        }
        return address
    }

    func destination(
        _ end: FlowEnd, _ source: FlowEnd, _ sender: Sender?
    ) throws(FlowError) -> IPAddress {
        let name: String
        switch end.host {
        case .address(let address): return address
        case .name(let text): name = text
        }
        var isIPv4: Bool?
        if case .address(let address) = source.host { isIPv4 = address.isV4 }
        if let sender {
            if let address = address(named: name, on: sender.network, isIPv4: isIPv4) {
                return address
            }
            throw fail(end, unreachable(name, sender))
        }
        guard let node = cluster.node(named: name) else { throw fail(end, unknownNode(name)) }
        guard let address = node.addresses.first(where: { $0.isV4 == isIPv4 ?? $0.isV4 }) else {
            let family = isIPv4 == true ? "IPv4" : "IPv6"
            throw fail(end, "node '\(name)' has no \(family) address for clients")
        }
        return address
    }

    /// The address that a name has on a network: a service's virtual one, or a task's own.
    private func address(named name: String, on network: Network, isIPv4: Bool?) -> IPAddress? {
        if let service = cluster.service(named: name),
            let address = service.virtualAddresses.first(where: { $0.network == network.id })
        {
            return choose(address.v4, address.v6, isIPv4)
        }
        let endpoint = cluster.task(named: name)?.endpoint(on: network.id)
        return endpoint.flatMap { choose($0.v4, $0.v6, isIPv4) }
    }

    private func choose(_ v4: IPv4Address?, _ v6: IPv6Address?, _ isIPv4: Bool?) -> IPAddress? {
        if isIPv4 != false, let v4 { return .v4(v4) }
        if isIPv4 != true, let v6 { return .v6(v6) }
        return nil
    }

    private func isMeshAddress(_ address: IPAddress, on network: Network) -> Bool {
        let scope = AddressScope.network(NetworkIndex(network.id.rawValue))
        return program.addresses.find(IPv6Address(address), in: scope) != nil
    }

    /// The names that are known, or as many as a message can hold.
    private func listed(_ names: [String]) -> String {
        let shown = names.prefix(Self.listedCountMax).joined(separator: ", ")
        let hiddenCount = names.count - Self.listedCountMax
        return hiddenCount > 0 ? "\(shown) and \(hiddenCount) more" : shown
    }

    private func unknownNode(_ name: String) -> String {
        let nodes = listed(cluster.nodes.map(\.name))
        guard cluster.service(named: name) != nil else {
            return "no node '\(name)' (\(nodes))"
        }
        return "'\(name)' is a service; clients reach it through a node (\(nodes))"
    }

    private func unreachable(_ name: String, _ sender: Sender) -> String {
        guard let service = cluster.service(named: name) else {
            let known = listed(cluster.services.map(\.shortName))
            return "no service or task '\(name)' (\(known))"
        }
        let task = sender.task.endpoints.map { cluster[$0.network].shortName }
        let names = service.virtualAddresses.map { cluster[$0.network].shortName }
        guard !names.isEmpty else { return "service '\(name)' has no virtual address" }
        return "service '\(name)' is on \(names.joined(separator: ", ")), "
            + "the task on \(task.joined(separator: ", "))"
    }
}

extension Task.Endpoint {
    fileprivate func has(_ address: IPAddress) -> Bool {
        self.address(isIPv4: address.isV4) == address
    }

    fileprivate func address(isIPv4: Bool) -> IPAddress? {
        isIPv4 ? v4.map { .v4($0) } : v6.map { .v6($0) }
    }
}
