// Goal: a flow is in the state that its packets have brought it to, in whatever order they come. Method:
// after a SYN every sequence of three packets out of those that matter, from both sides, each on a client
// port of its own; what silence each flow survives tells its state, and a naive reading of the same packets
// says what that should be. The general way and the short way both.

import Dataplane
import Mesh
import Testing
import Wire

@Suite struct FlowStateTests {
    enum Step: CaseIterable {
        case clientSYN, clientACK, clientFIN, clientRST, taskACK, taskFIN, taskRST

        var isFromClient: Bool {
            [.clientSYN, .clientACK, .clientFIN, .clientRST].contains(self)
        }

        var transport: Draft.Transport {
            switch self {
            case .clientSYN: .tcp(.syn)
            case .clientACK, .taskACK: .tcp(.ack)
            case .clientFIN, .taskFIN: .tcp([.fin, .ack])
            case .clientRST, .taskRST: .tcp(.rst)
            }
        }
    }

    /// What conntrack's table of states comes to for these packets.
    struct NaiveFlow {
        var isEstablished = false
        var clientIsDone = false
        var taskIsDone = false
        var isReset = false

        var isClosed: Bool { isReset || clientIsDone && taskIsDone }

        /// Seconds of silence after which it is still known.
        var patience: Int { isClosed ? 30 : isEstablished ? 432_000 : 120 }

        mutating func take(_ step: Step) {
            switch step {
            case .clientSYN: if isClosed { self = NaiveFlow() }
            case .clientACK: isEstablished = true
            case .clientFIN: clientIsDone = true
            case .taskFIN: taskIsDone = true
            case .clientRST, .taskRST: isReset = true
            case .taskACK: break
            }
        }
    }

    static let sequences: [[Step]] = Step.allCases.flatMap { first in
        Step.allCases.flatMap { second in Step.allCases.map { [first, second, $0] } }
    }

    @Test(arguments: [30, 120, 432_000], [true, false])
    func `every order of packets brings a flow to its state`(
        patience: Int, usesShortWay: Bool
    ) throws {
        let bench = try FlowBench(flowCount: 1_024)
        bench.mesh.nodes[0].usesShortWay = usesShortWay
        var flows: [NaiveFlow] = []
        for (index, sequence) in Self.sequences.enumerated() {
            var flow = NaiveFlow()
            _ = bench.request(port: 10_000 + index)
            for step in sequence {
                flow.take(step)
                _ =
                    step.isFromClient
                    ? bench.request(step.transport, port: 10_000 + index)
                    : bench.reply(step.transport, port: 10_000 + index)
            }
            flows.append(flow)
        }
        bench.wait(Double(patience + 1))
        for (index, flow) in flows.enumerated() {
            #expect(
                bench.isKnown(port: 10_000 + index) == (flow.patience > patience),
                "\(Self.sequences[index])")
        }
        #expect(flows.contains { $0.patience == patience })
    }
}
