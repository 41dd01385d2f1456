// Goal: the owner remembers a flow as long as it should and tells it from others. Method: through
// `process` alone: a flow is known when its task's reply finds its way, and forgotten when that is
// dropped as `noFlow`. One node, so every flow is its own.

import Dataplane
import Mesh
import Testing
import Wire

/// One node with one task of `web`.
struct FlowBench {
    let mesh: TestMesh
    let endpoint: EndpointIndex
    let task: IPAddress

    init(flowCount: Int = 256, flowCountMax: Int = 1 << 16) throws {
        mesh = try TestMesh.standard(flowCount: flowCount, flowCountMax: flowCountMax) {
            $0.nodes.removeLast(2)
            $0.nodes[0].addresses.append("192.0.2.99")
            $0.services[0].mode = .replicated(1)
        }
        endpoint = mesh.endpoint("web", 0)
        task = mesh.address(of: endpoint)
    }

    /// From client port `port`, one port or flags at a time.
    func request(
        _ transport: Draft.Transport = .tcp(.syn), port: Int = 40_000, to node: IPAddress? = nil
    ) -> Verdict? {
        let draft = Self.draft(transport, port)
        return mesh.send(draft.with(\.target, node ?? draft.target).frame, at: 0).last?.verdict
    }

    /// The task's answer to the same client; where it claims to be from.
    func reply(_ transport: Draft.Transport = .tcp([.syn, .ack]), port: Int = 40_000) -> Verdict? {
        let draft = Self.draft(transport, port).reversed
        let target: UInt16 = draft.proto == .udp ? 53 : 80
        return mesh.send(draft.from(task, target).frame, from: endpoint).first?.verdict
    }

    func isKnown(_ transport: Draft.Transport = .tcp(.ack), port: Int = 40_000) -> Bool {
        reply(transport, port: port) == .transmitted(.clients)
    }

    /// Ports beyond 65,535 go on with the next client address.
    static func draft(_ transport: Draft.Transport, _ port: Int) -> Draft {
        let client = IPv4Address(rawValue: 0xcb00_7107 + UInt32(port / 65_536))
        return Sender.web(transport).from(.v4(client), UInt16(port % 65_536))
    }

    func wait(_ seconds: Double) { mesh.now += .seconds(seconds) }
}

@Suite struct FlowTests {
    @Test func `an established connection is remembered for five days of silence`() throws {
        let bench = try FlowBench()
        #expect(bench.request() == .delivered(bench.endpoint))
        #expect(bench.request(.tcp(.ack)) == .delivered(bench.endpoint))
        bench.wait(432_000)
        #expect(bench.isKnown())
        bench.wait(432_001)
        #expect(!bench.isKnown())
    }

    @Test func `an opening is remembered for two minutes, whatever the task says to it`() throws {
        let bench = try FlowBench()
        _ = bench.request()
        bench.wait(60)
        // An answered flood of forged openings must not count as connections.
        #expect(bench.reply() == .transmitted(.clients))
        bench.wait(121)
        #expect(!bench.isKnown())
    }

    @Test func `a datagram's flow is remembered for three minutes after the last`() throws {
        let bench = try FlowBench()
        _ = bench.request(.udp)
        bench.wait(180)
        #expect(bench.isKnown(.udp))
        bench.wait(180)
        #expect(bench.isKnown(.udp))
        bench.wait(181)
        #expect(!bench.isKnown(.udp))
    }

    @Test func `a connection closed by both sides is forgotten after half a minute`() throws {
        let bench = try FlowBench()
        _ = bench.request()
        _ = bench.request(.tcp(.ack))
        _ = bench.request(.tcp([.fin, .ack]))
        bench.wait(40)
        #expect(bench.isKnown(), "one side may go on for long")
        _ = bench.reply(.tcp([.fin, .ack]))
        _ = bench.request(.tcp(.ack))
        bench.wait(30)
        #expect(bench.isKnown())
        bench.wait(31)
        #expect(!bench.isKnown())
    }

    @Test(arguments: [true, false])
    func `a reset closes at once, from either side`(isFromClient: Bool) throws {
        let bench = try FlowBench()
        _ = bench.request()
        _ = bench.request(.tcp(.ack))
        _ = isFromClient ? bench.request(.tcp(.rst)) : bench.reply(.tcp(.rst))
        bench.wait(31)
        #expect(!bench.isKnown())
    }

    @Test func `two connections to one task from one client port are told apart or refused`() throws
    {
        let bench = try FlowBench()
        _ = bench.request()
        _ = bench.request(.tcp(.ack))
        #expect(bench.request(to: "192.0.2.99") == .dropped(.flowConflict))
        #expect(bench.request(.tcp(.ack), to: "192.0.2.99") == .dropped(.flowConflict))
        #expect(bench.isKnown())
        _ = bench.request(.tcp(.rst))
        // The first is over: the second may have the port.
        #expect(bench.request(to: "192.0.2.99") == .delivered(bench.endpoint))
        let reply = FlowBench.draft(.tcp([.syn, .ack]), 40_000).reversed.from(bench.task, 80)
        let left = try #require(bench.mesh.send(reply.frame, from: bench.endpoint).last)
        #expect(try sight(left.bytes).source == "192.0.2.99")
    }

    @Test func `datagrams may move to another address of the node`() throws {
        let bench = try FlowBench()
        for node in ["192.0.2.11", "192.0.2.99"] as [IPAddress] {
            #expect(bench.request(.udp, to: node) == .delivered(bench.endpoint))
            let draft = FlowBench.draft(.udp, 40_000).reversed
            let left = try #require(
                bench.mesh.send(draft.from(bench.task, 53).frame, from: bench.endpoint).last)
            #expect(try sight(left.bytes).source == node)
        }
    }

    @Test func `a connection keeps the address it began with from its first packet on`() throws {
        let bench = try FlowBench()
        #expect(bench.request() == .delivered(bench.endpoint))
        #expect(bench.request(to: "192.0.2.99") == .dropped(.flowConflict))
        // The answer to the first would otherwise come from the address that was asked second.
        let answer = FlowBench.draft(.tcp([.syn, .ack]), 40_000).reversed.from(bench.task, 80)
        let left = try #require(bench.mesh.send(answer.frame, from: bench.endpoint).last)
        #expect(try sight(left.bytes).source == "192.0.2.11")
        bench.mesh.now += .seconds(121)
        #expect(bench.request(to: "192.0.2.99") == .delivered(bench.endpoint))
    }

    @Test func `a client port used again counts as a new flow`() throws {
        let bench = try FlowBench()
        func flowCount() -> UInt64 {
            bench.mesh.nodes[0].state.endpoints[Int(bench.endpoint.rawValue)].flowCount
        }
        _ = bench.request()
        _ = bench.request()
        #expect(flowCount() == 1, "a SYN sent again is no other flow")
        _ = bench.request(.tcp(.rst))
        _ = bench.request()
        #expect(flowCount() == 2)
        bench.wait(200)
        _ = bench.request()
        #expect(flowCount() == 3)
        #expect(bench.mesh.nodes[0].flowCount == 1)
    }
}
