// Puts decisions into words: the comments that Wireshark shows beside each recorded packet.
//
// Invariant: a comment says only what the data plane decided, by the names the stack uses.

import Dataplane
import Mesh
import Wire

public struct Narrator: Sendable {
    public let compilation: Compilation
    private var cluster: Cluster { compilation.cluster }

    public init(_ compilation: Compilation) { self.compilation = compilation }

    public func name(_ node: NodeIndex) -> String { cluster.nodes[Int(node.rawValue)].name }

    public func name(_ endpoint: EndpointIndex) -> String { compilation.task(endpoint).name }

    public func name(_ service: ServiceIndex) -> String {
        cluster.services[Int(service.rawValue)].name
    }

    /// What `node` did with a frame that reached it.
    func comment(_ frame: Frame, at node: NodeIndex, _ program: Program) -> String {
        let place = frame.isGenerated ? "made by" : "at"
        return "\(place) \(name(node)): \(outcome(frame, at: node))\(reason(frame, program))"
    }

    private func outcome(_ frame: Frame, at node: NodeIndex) -> String {
        switch frame.verdict {
        case .pending: "not judged"
        case .transmitted(.underlay(let target)): "sent to \(name(target)) over the underlay"
        case .transmitted(.clients): "sent to the client"
        case .transmitted(.link): "sent on by a link"
        case .delivered(let endpoint): "delivered to task \(name(endpoint))"
        case .consumed(.neighbour): "left to the node's own stack (neighbour discovery)"
        case .consumed(.host): "left to the node's own stack"
        case .consumed(.reassembled): "kept until its datagram is whole"
        case .dropped(let drop): "dropped, \(drop): \(drop.explanation)"
        case .held: "held until the first fragment comes"
        }
    }

    /// How the task was chosen, where it was chosen here.
    private func reason(_ frame: Frame, _ program: Program) -> String {
        let choice = frame.choice
        guard case .network = frame.arrival, choice.service != .none else { return "" }
        let service = program.services[choice.service]
        let owner = program[choice.endpoint].node
        return "; service \(name(service.service)), hash 0x\(Self.hexadecimal(choice.hash)), "
            + "slot \(choice.slot) of \(service.slotCount), "
            + "task \(name(choice.endpoint)) on \(name(owner))"
    }

    /// Sixteen hexadecimal digits.
    public static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
