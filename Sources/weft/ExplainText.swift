// An explanation as a story to read: the packet, the decision in numbered steps, then every node's
// part with what it changed, then the way of the answer.
//
// Invariant: plain text without colour, lines in a fixed order, so two runs of one question give
// the same bytes. A changed field is shown as [old => new]; + marks a header put on, - one taken off.

import Dataplane
import Replay
import Wire

struct ExplainText {
    private let explanation: Explanation
    private let names: MeshNames
    private var text = ""
    private var step = 0

    static func of(_ subject: String, _ explanation: Explanation, _ names: MeshNames) -> String {
        var writer = ExplainText(explanation: explanation, names: names)
        writer.put(subject)
        writer.putPacket()
        if let decision = explanation.decision { writer.put(decision) }
        for (index, hop) in explanation.hops.enumerated() { writer.put(hop, isFirst: index == 0) }
        if let flow = explanation.flow { writer.put(flow) }
        writer.putAnswer()
        return writer.text
    }

    private init(explanation: Explanation, names: MeshNames) {
        self.explanation = explanation
        self.names = names
    }

    private mutating func put(_ line: String = "") { text += line + "\n" }

    private mutating func putStep(_ title: String, _ line: String) {
        step += 1
        let number = "\(step).".padding(4)
        put("  \(number)\(title.padding(13))\(line)")
    }

    private mutating func putMore(_ title: String, _ line: String) {
        put("      \(title.padding(13))\(line)")
    }

    private mutating func putPacket() {
        put()
        for line in explanation.packet { put(Self.text(line, mark: " ")) }
        if let skip = explanation.skip { put("\nNot put into the mesh: \(Self.text(skip))") }
        guard explanation.isAimed, let first = explanation.hops.first else { return }
        if case .task(let endpoint) = first.arrival {
            put("\nAs the answer of \(names.task(endpoint)), which its flow leads to, it becomes")
        } else {
            put("\nAimed at the mesh, it becomes")
        }
        put()
        for line in first.before { put(Self.text(line, mark: " ")) }
    }

    private static func text(_ skip: Skip) -> String {
        switch skip {
        case .filtered: "the filter does not match it."
        case .host: "it was sent by a node's own stack, from no published port."
        case .unsupportedLink: "its link type carries no IP, or it is beyond every limit."
        }
    }

    private mutating func put(_ hop: Hop, isFirst: Bool) {
        put()
        let place: String
        if hop.isGenerated {
            place = hop.isFragment ? "makes a fragment of it" : "makes an ICMP error about it"
        } else if isFirst {
            place = Self.text(hop.arrival, names)
        } else {
            place = "receives it"
        }
        put("\(names.node(hop.node)) \(place): \(names.outcome(hop.verdict, hop.arrival))")
        if let place = hop.place { put("      at byte \(place.offset), \(place.field)") }
        putChanges(hop)
    }

    private static func text(_ arrival: Arrival, _ names: MeshNames) -> String {
        switch arrival {
        case .network: "takes it in"
        case .task(let endpoint): "takes it from \(names.task(endpoint))"
        }
    }

    private mutating func putChanges(_ hop: Hop) {
        switch hop.verdict {
        case .transmitted, .delivered: break
        case .pending, .consumed, .dropped, .held: return
        }
        put()
        for change in HeaderChange.list(from: hop.before, to: hop.after) {
            switch change {
            case .added(let line): put(Self.text(line, mark: hop.before.isEmpty ? " " : "+"))
            case .removed(let line): put(Self.text(line, mark: "-"))
            case .kept(let before, let after): put(Self.text(after, mark: " ", before: before))
            }
        }
    }

    private mutating func put(_ flow: RememberedFlow) {
        put()
        let verb = flow.isNew ? "now remembers" : "already remembered"
        let client = flow.flow.client.unmapped.with(flow.flow.clientPort)
        put("\(names.node(flow.owner)) \(verb) the flow")
        put("      client       \(client)")
        let target = flow.flow.targetPort
        put("      task         \(names.task(flow.flow.endpoint)), \(flow.flow.proto) \(target)")
        let sentTo = flow.origin.address.unmapped.with(flow.origin.port)
        put("      was sent to  \(sentTo), which answers must come from")
        put("      came by      \(names.node(flow.origin.entry))")
    }

    private mutating func putAnswer() {
        guard let first = explanation.answer.first else { return }
        put("\nAn answer from the task")
        put()
        for line in first.before { put(Self.text(line, mark: " ")) }
        for (index, hop) in explanation.answer.enumerated() { put(hop, isFirst: index == 0) }
    }
}

extension Hop {
    /// Of what a node makes: a fragment of the packet, not an error about it.
    fileprivate var isFragment: Bool {
        after.contains { $0.name == "IPv4" && $0["fragment"] != nil }
    }
}

// The decision.
extension ExplainText {
    private mutating func put(_ decision: Decision) {
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

// One header.
extension ExplainText {
    /// `      14  IPv4         203.0.113.7 -> [192.0.2.12 => 10.0.0.9]  [ttl 64 => 63]`
    private static func text(_ line: HeaderLine, mark: String, before: HeaderLine? = nil) -> String
    {
        let indent = String(repeating: "  ", count: line.depth)
        let head = "  \(mark) \("\(line.offset)".leading(5))  \(indent)\(line.name.padding(10)) "
        return head + fields(line, before: before).joined(separator: "  ")
    }

    private static func fields(_ line: HeaderLine, before: HeaderLine?) -> [String] {
        var parts: [String] = []
        for field in line.fields {
            let value = changed(field, before, isNamed: !isEnd(field))
            if field.name == "destination", !parts.isEmpty {
                parts[parts.count - 1] += " -> " + value
            } else {
                parts.append(value)
            }
        }
        for field in before?.fields ?? [] where line[field.name] == nil {
            parts.append("[\(named(field.name, field.value)) => none]")
        }
        return parts
    }

    private static func isEnd(_ field: HeaderLine.Field) -> Bool {
        field.name == "source" || field.name == "destination"
    }

    private static func changed(
        _ field: HeaderLine.Field, _ before: HeaderLine?, isNamed: Bool
    ) -> String {
        let name = isNamed ? field.name : ""
        guard let before else { return named(name, field.value) }
        let old = before[field.name] ?? "none"
        if old == field.value { return named(name, field.value) }
        return "[\(named(name, old)) => \(field.value)]"
    }

    private static func named(_ name: String, _ value: String) -> String {
        name.isEmpty ? value : value.isEmpty ? name : "\(name) \(value)"
    }
}

extension String {
    /// With spaces behind it, to `count` characters.
    func padding(_ count: Int) -> String {
        self + String(repeating: " ", count: max(0, count - self.count))
    }

    /// With spaces before it, to `count` characters.
    func leading(_ count: Int) -> String {
        String(repeating: " ", count: max(0, count - self.count)) + self
    }
}

extension FixedWidthInteger {
    /// All its hexadecimal digits.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
    }
}

extension IPAddress {
    /// `192.0.2.1:80`, `[2001:db8::1]:80`.
    func with(_ port: Port) -> String {
        if case .v6 = self { return "[\(self)]:\(port)" }
        return "\(self):\(port)"
    }
}
