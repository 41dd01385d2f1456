// Which node each task runs on: Swarm's spread strategy, made deterministic.
//
// A task goes to the node with the fewest tasks of its service, among equals the one with the
// fewest tasks at all, among equals the one declared first. Filters come before: availability,
// constraints, host-mode ports, replicas per node. A task that no node passes for stays pending
// with the scheduler's explanation. Invariant: the result depends on the specification alone.

import Wire

/// Where one task went, or why nowhere.
enum PlacementOutcome: Equatable {
    case placed(NodeID)
    case pending(String)
}

struct Placement {
    private let nodes: [Node]
    private var taskCounts: [Int]
    private var hostPorts: [Set<HostPort>]

    private struct HostPort: Hashable {
        var port: Port
        var proto: UInt8
    }

    init(nodes: [Node]) {
        self.nodes = nodes
        taskCounts = Array(repeating: 0, count: nodes.count)
        hostPorts = Array(repeating: [], count: nodes.count)
    }

    /// Places all tasks of a service; entry `i` is slot `i + 1`, or node `i` when global.
    mutating func place(_ service: Service) -> [(slot: Int, outcome: PlacementOutcome)] {
        switch service.mode {
        case .replicated(let count): placeReplicas(of: service, count: count)
        case .global: placeEverywhere(service)
        }
    }

    private mutating func placeReplicas(
        of service: Service, count: Int
    ) -> [(slot: Int, outcome: PlacementOutcome)] {
        var refusals = Refusals()
        let candidates = nodes.filter { node in
            let refusal = staticRefusal(of: node, for: service)
            if let refusal { refusals.count(refusal) }
            return refusal == nil
        }.map(\.id.rawValue)
        let ports = hostPorts(of: service)
        var own = Array(repeating: 0, count: nodes.count)
        var outcomes: [(slot: Int, outcome: PlacementOutcome)] = []
        while outcomes.count < count,
            let node = best(of: candidates, own: own, for: service, ports: ports)
        {
            take(node, ports)
            own[node] += 1
            outcomes.append((outcomes.count + 1, .placed(NodeID(node))))
        }
        // Once no node takes a task, none takes the next one either, for the same reason.
        guard outcomes.count < count else { return outcomes }
        let reason = explain(refusals, candidates, own, service, ports)
        return outcomes + (outcomes.count..<count).map { ($0 + 1, .pending(reason)) }
    }

    /// Only nodes that satisfy the constraints get a task at all.
    private mutating func placeEverywhere(
        _ service: Service
    ) -> [(slot: Int, outcome: PlacementOutcome)] {
        let ports = hostPorts(of: service)
        var outcomes: [(slot: Int, outcome: PlacementOutcome)] = []
        for node in nodes where staticRefusal(of: node, for: service) == nil {
            let index = node.id.rawValue
            if hostPorts[index].isDisjoint(with: ports) {
                take(index, ports)
                outcomes.append((index + 1, .placed(node.id)))
            } else {
                var refusals = Refusals()
                refusals.count(.hostPort)
                outcomes.append((index + 1, .pending(refusals.explanation)))
            }
        }
        return outcomes
    }

    private mutating func take(_ node: Int, _ ports: Set<HostPort>) {
        taskCounts[node] += 1
        hostPorts[node].formUnion(ports)
    }

    /// What refuses a node whatever has been placed so far.
    private func staticRefusal(of node: Node, for service: Service) -> Refusal? {
        guard node.availability == .active else { return .unavailable }
        return service.constraints.allSatisfy { $0.matches(node) } ? nil : .constraint
    }

    private func refusal(
        of node: Int, own: [Int], for service: Service, ports: Set<HostPort>
    ) -> Refusal? {
        if !ports.isEmpty, !hostPorts[node].isDisjoint(with: ports) { return .hostPort }
        let limit = service.maxReplicasPerNode
        return limit > 0 && own[node] >= limit ? .maxReplicas : nil
    }

    private func best(
        of candidates: [Int], own: [Int], for service: Service, ports: Set<HostPort>
    ) -> Int? {
        var best: Int?
        for node in candidates
        where refusal(of: node, own: own, for: service, ports: ports) == nil {
            guard let current = best else {
                best = node
                continue
            }
            let isBetter = (own[node], taskCounts[node]) < (own[current], taskCounts[current])
            if isBetter { best = node }
        }
        return best
    }

    private func explain(
        _ refusals: Refusals, _ candidates: [Int], _ own: [Int], _ service: Service,
        _ ports: Set<HostPort>
    ) -> String {
        var refusals = refusals
        for node in candidates {
            guard let refusal = refusal(of: node, own: own, for: service, ports: ports) else {
                continue
            }
            refusals.count(refusal)
        }
        return refusals.explanation
    }

    private func hostPorts(of service: Service) -> Set<HostPort> {
        Set(
            service.ports.filter { $0.mode == .host }
                .map { HostPort(port: $0.published, proto: $0.proto.rawValue) })
    }
}

/// The scheduler's filters, in the order it applies them.
private enum Refusal: Int, CaseIterable {
    case unavailable, constraint, hostPort, maxReplicas
}

/// How many nodes each filter refused, and Swarm's sentence about it.
private struct Refusals {
    private var counts = Array(repeating: 0, count: Refusal.allCases.count)

    mutating func count(_ refusal: Refusal) { counts[refusal.rawValue] += 1 }

    /// The filter that refused most nodes comes first.
    var explanation: String {
        let parts = Refusal.allCases.filter { counts[$0.rawValue] > 0 }
            .sorted { (counts[$1.rawValue], $0.rawValue) < (counts[$0.rawValue], $1.rawValue) }
            .map { text($0, counts[$0.rawValue]) }
        return parts.isEmpty
            ? "no suitable node" : "no suitable node (\(parts.joined(separator: "; ")))"
    }

    private func text(_ refusal: Refusal, _ count: Int) -> String {
        let nodes = count == 1 ? "1 node" : "\(count) nodes"
        return switch refusal {
        case .unavailable: "\(nodes) not available for new tasks"
        case .constraint: "scheduling constraints not satisfied on \(nodes)"
        case .hostPort: "host-mode port already in use on \(nodes)"
        case .maxReplicas: "max replicas per node limit exceed"
        }
    }
}
