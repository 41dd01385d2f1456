// `weft explain --json`: schema weft.explain/1. The story's facts; addresses, MACs and hashes as
// text, since a 64-bit number does not survive every reader of JSON.

import Dataplane
import Replay
import Wire

struct ExplainReport: Encodable {
    let schema = "weft.explain/1"
    let subject: String
    let packet: [HeaderEntry]
    /// Why the packet was not put into the mesh.
    let skipped: String?
    let isAimed: Bool
    let decision: DecisionEntry?
    let hops: [HopEntry]
    let flow: FlowEntry?
    let answer: [HopEntry]

    init(_ subject: String, _ explanation: Explanation, _ names: MeshNames) {
        self.subject = subject
        packet = explanation.packet.map(HeaderEntry.init)
        skipped = explanation.skip?.rawValue
        isAimed = explanation.isAimed
        decision = explanation.decision.map { DecisionEntry($0, names) }
        hops = explanation.hops.map { HopEntry($0, names) }
        flow = explanation.flow.map { FlowEntry($0, names) }
        answer = explanation.answer.map { HopEntry($0, names) }
    }

    struct HeaderEntry: Encodable {
        struct Field: Encodable {
            let name: String
            let value: String
        }

        let header: String
        let offset: Int
        let depth: Int
        let fields: [Field]

        init(_ line: HeaderLine) {
            header = line.name
            offset = line.offset
            depth = line.depth
            fields = line.fields.map { Field(name: $0.name, value: $0.value) }
        }
    }

    struct HopEntry: Encodable {
        let node: String
        /// The task that sent the frame; of frames from the network, none.
        let fromTask: String?
        let isGenerated: Bool
        let verdict: String
        let outcome: String
        let drop: String?
        let dropByte: Int?
        let dropField: String?
        let toNode: String?
        let toTask: String?
        let before: [HeaderEntry]
        let after: [HeaderEntry]

        init(_ hop: Hop, _ names: MeshNames) {
            node = names.node(hop.node)
            if case .task(let endpoint) = hop.arrival {
                fromTask = names.task(endpoint)
            } else {
                fromTask = nil
            }
            isGenerated = hop.isGenerated
            outcome = names.outcome(hop.verdict, hop.arrival)
            var (drop, toNode, toTask): (String?, String?, String?)
            switch hop.verdict {
            case .pending: verdict = "pending"
            case .transmitted(.underlay(let node)):
                (verdict, toNode) = ("underlay", names.node(node))
            case .transmitted(.clients): verdict = "clients"
            case .transmitted(.link): verdict = "link"
            case .delivered(let endpoint): (verdict, toTask) = ("delivered", names.task(endpoint))
            case .consumed: verdict = "consumed"
            case .dropped(let reason): (verdict, drop) = ("dropped", "\(reason)")
            case .held: verdict = "held"
            }
            (self.drop, self.toNode, self.toTask) = (drop, toNode, toTask)
            dropByte = hop.place?.offset
            dropField = hop.place?.field
            before = hop.before.map(HeaderEntry.init)
            after = hop.after.map(HeaderEntry.init)
        }
    }

    struct DecisionEntry: Encodable {
        struct Key: Encodable {
            let proto: String
            let client: String
            let clientPort: UInt16
            let servicePort: UInt16
            let bytes: String
            let isQuoted: Bool
        }

        struct Share: Encodable {
            let task: String
            let node: String
            let slots: Int
        }

        let node: String
        let network: String?
        let destination: String
        let destinationKind: String
        let service: String?
        let published: UInt16?
        let target: UInt16?
        let flow: Key?
        let isInherited: Bool
        let hash: String?
        let slot: UInt32?
        let slotCount: UInt32
        let row: Int?
        let task: String?
        let owner: String?
        let shares: [Share]

        init(_ decision: Decision, _ names: MeshNames) {
            node = names.node(decision.node)
            network = decision.network.map { names.network($0) }
            destination = "\(decision.destination)"
            switch decision.target {
            case .node: destinationKind = "node"
            case .service: destinationKind = "service"
            case .endpoint: destinationKind = "task"
            case .balancer: destinationKind = "balancer"
            case nil: destinationKind = "unknown"
            }
            service = decision.service.map { names.service($0) }
            published = decision.binding?.published.rawValue
            target = decision.choice?.target.rawValue
            flow = decision.flow.map { flow in
                Key(
                    proto: "\(flow.proto)", client: "\(flow.client.unmapped)",
                    clientPort: flow.clientPort.rawValue, servicePort: flow.servicePort.rawValue,
                    bytes: flow.bytes.map(\.hexadecimal).joined(),
                    isQuoted: decision.isQuoted)
            }
            isInherited = decision.isInherited
            hash = decision.choice.map { "0x\($0.hash.hexadecimal)" }
            slot = decision.choice?.slot
            slotCount = decision.slotCount
            row = decision.shares.firstIndex { $0.endpoint == decision.choice?.endpoint }
            task = decision.choice.map { names.task($0.endpoint) }
            owner = decision.choice.map { names.owner($0.endpoint) }
            shares = decision.shares.map {
                Share(
                    task: names.task($0.endpoint), node: names.owner($0.endpoint),
                    slots: $0.slotCount)
            }
        }
    }

    struct FlowEntry: Encodable {
        let owner: String
        let isNew: Bool
        let proto: String
        let client: String
        let clientPort: UInt16
        let task: String
        let targetPort: UInt16
        let sentTo: String
        let sentToPort: UInt16
        let entry: String

        init(_ flow: RememberedFlow, _ names: MeshNames) {
            owner = names.node(flow.owner)
            isNew = flow.isNew
            proto = "\(flow.flow.proto)"
            client = "\(flow.flow.client.unmapped)"
            clientPort = flow.flow.clientPort.rawValue
            task = names.task(flow.flow.endpoint)
            targetPort = flow.flow.targetPort.rawValue
            sentTo = "\(flow.origin.address.unmapped)"
            sentToPort = flow.origin.port.rawValue
            entry = names.node(flow.origin.entry)
        }
    }
}
