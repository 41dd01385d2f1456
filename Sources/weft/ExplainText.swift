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
    let names: MeshNames
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

    mutating func put(_ line: String = "") { text += line + "\n" }

    mutating func putStep(_ title: String, _ line: String) {
        step += 1
        let number = "\(step).".padding(4)
        put("  \(number)\(title.padding(13))\(line)")
    }

    mutating func putMore(_ title: String, _ line: String) {
        put("      \(title.padding(13))\(line)")
    }

    private mutating func putPacket() {
        put()
        for line in explanation.packet { put(HeaderText.of(line, mark: " ")) }
        if let skip = explanation.skip { put("\nNot put into the mesh: \(Self.text(skip))") }
        guard explanation.isAimed, let first = explanation.hops.first else { return }
        if case .task(let endpoint) = first.arrival {
            put("\nAs the answer of \(names.task(endpoint)), which its flow leads to, it becomes")
        } else {
            put("\nAimed at the mesh, it becomes")
        }
        put()
        for line in first.before { put(HeaderText.of(line, mark: " ")) }
    }

    private static func text(_ skip: Skip) -> String {
        switch skip {
        case .filtered: "the filter does not match it."
        case .host: "it was sent by a node's own stack, from no published port."
        case .laterFragment:
            "it is a later fragment of a reply whose first fragment, which has the ports, has not been "
                + "seen. A replay keeps it until that comes."
        case .sctpFragment:
            "it is fragmented SCTP, whose checksum could not follow the change of port."
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
            case .added(let line): put(HeaderText.of(line, mark: hop.before.isEmpty ? " " : "+"))
            case .removed(let line): put(HeaderText.of(line, mark: "-"))
            case .kept(let before, let after): put(HeaderText.of(after, mark: " ", before: before))
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
        for line in first.before { put(HeaderText.of(line, mark: " ")) }
        for (index, hop) in explanation.answer.enumerated() { put(hop, isFirst: index == 0) }
    }
}

extension Hop {
    /// Of what a node makes: a fragment of the packet, not an error about it.
    fileprivate var isFragment: Bool {
        after.contains { $0.name == "IPv4" && $0["fragment"] != nil }
    }
}
