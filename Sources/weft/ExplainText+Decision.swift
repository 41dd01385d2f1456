// The decision of an explanation as numbered steps, and the service's table below them.
//
// Invariant: a step stands there only if the data plane took it.

import Dataplane
import Replay
import Wire

extension ExplainText {
    mutating func put(_ decision: Decision) {
        put("\nDecision at \(names.node(decision.node))")
        putStep("destination", destination(decision))
        if case .node = decision.target, let flow = decision.flow {
            putStep("port", port(decision, flow))
        }
        guard decision.service != nil || decision.flow != nil else { return }
        if decision.isInherited {
            putStep("fragment", "it follows the first fragment of its datagram")
        } else if let flow = decision.flow {
            put(flow, isQuoted: decision.isQuoted)
        }
        guard let choice = decision.choice else {
            if decision.service != nil { putStep("task", "the service has none to take the flow") }
            return
        }
        let key = "SipHash-1-3 of the key under the cluster's secret"
        putStep("hash", "0x\(choice.hash.hexadecimal)  \(key)")
        let high = String(choice.hash >> 32, radix: 16)
        let count = decision.slotCount
        putStep("slot", "\(choice.slot) of \(count): 0x\(high) x \(count) / 2^32, rounded down")
        let row = decision.shares.firstIndex { $0.endpoint == choice.endpoint } ?? 0
        let isIPv4 = if case .v4 = decision.destination { true } else { false }
        let address = names.address(choice.endpoint, isIPv4: isIPv4)
        putStep(
            "task",
            "row \(row): \(names.task(choice.endpoint)), \(address), "
                + "port \(choice.target), owned by \(names.owner(choice.endpoint))")
        putShares(decision, choice)
    }

    private func destination(_ decision: Decision) -> String {
        let address = "\(decision.destination)"
        switch decision.target {
        case .node(let node): return "\(address) is an address of \(names.node(node))"
        case .service(let service):
            let network = names.network(of: service)
            return "\(address) is the virtual address of \(names.service(service)) on \(network)"
        case .endpoint(let endpoint): return "\(address) is task \(names.task(endpoint))'s own"
        case .balancer(let node):
            return "\(address) is the load balancer's of \(names.node(node))"
        case nil:
            guard let network = decision.network else {
                return "\(address) is none of the addresses that clients use"
            }
            return "\(address) is no address on network \(names.network(network))"
        }
    }

    private func port(_ decision: Decision, _ flow: FlowKey) -> String {
        guard let binding = decision.binding else {
            return "\(flow.proto) \(flow.servicePort) is published by no service"
        }
        let mode = names.isHostMode(binding.service) ? "host mode" : "ingress mode"
        return "\(binding.proto) \(binding.published) is published by "
            + "\(names.service(binding.service)) (\(mode)); its tasks listen on \(binding.target)"
    }

    private mutating func put(_ flow: FlowKey, isQuoted: Bool) {
        let quoted = isQuoted ? " (of the packet that the error quotes)" : ""
        putStep(
            "flow",
            "\(flow.proto), client \(flow.client.unmapped.with(flow.clientPort)), "
                + "service port \(flow.servicePort)\(quoted)")
        putMore("key", flow.bytes.map(\.hexadecimal).joined(separator: " "))
    }

    private mutating func putShares(_ decision: Decision, _ choice: Choice) {
        var table = TextTable([
            (" ", .left), ("ROW", .right), ("TASK", .left), ("NODE", .left), ("SLOTS", .right),
            ("SHARE", .right),
        ])
        for (row, share) in decision.shares.enumerated() {
            let part = share.slotCount * 10_000 / max(1, Int(decision.slotCount))
            table.add([
                share.endpoint == choice.endpoint ? "*" : "", "\(row)",
                names.task(share.endpoint), names.owner(share.endpoint), "\(share.slotCount)",
                "\(part / 100).\(part % 100 / 10)\(part % 10) %",
            ])
        }
        put()
        for line in table.text.split(separator: "\n") { put("      \(line)") }
    }
}

extension IPAddress {
    /// `192.0.2.1:80`, `[2001:db8::1]:80`.
    func with(_ port: Port) -> String {
        if case .v6 = self { return "[\(self)]:\(port)" }
        return "\(self):\(port)"
    }
}
