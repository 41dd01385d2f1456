// Goal: a growing table, a full one and a flooded one lose no established flow. Method: thousands of
// flows through `process`, batch by batch; afterwards each one's reply must find its way.

import Dataplane
import Testing
import Wire

@Suite struct FlowGrowthTests {
    /// Sends one packet for each port, in batches; the verdicts counted.
    private func send(
        _ bench: FlowBench, _ transport: Draft.Transport, _ ports: Range<Int>
    ) -> [Verdict: Int] {
        var tally: [Verdict: Int] = [:]
        let node = bench.mesh.nodes[0]
        for start in stride(from: ports.lowerBound, to: ports.upperBound, by: 256) {
            let inputs = (start..<min(start + 256, ports.upperBound)).map {
                Input(bytes: FlowBench.draft(transport, $0).frame)
            }
            let isSound = node.judge(inputs, now: bench.mesh.now, into: &tally)
            if !isSound { Issue.record("after the batch from \(start)") }
        }
        return tally
    }

    /// How many of the flows still have a way back.
    private func knownCount(_ bench: FlowBench, _ ports: Range<Int>) -> Int {
        var tally: [Verdict: Int] = [:]
        for start in stride(from: ports.lowerBound, to: ports.upperBound, by: 256) {
            let inputs = (start..<min(start + 256, ports.upperBound)).map {
                Input(
                    bytes: FlowBench.draft(.tcp(.ack), $0).reversed.from(bench.task, 80).frame,
                    arrival: .task(bench.endpoint))
            }
            _ = bench.mesh.nodes[0].judge(inputs, now: bench.mesh.now, into: &tally)
        }
        return tally[.transmitted(.clients), default: 0]
    }

    @Test func `a table that grows keeps every flow`() throws {
        let bench = try FlowBench(flowCount: Limits.flowCountInitial, flowCountMax: 1 << 15)
        let flows = 0..<10_000
        let verdicts = send(bench, .tcp(.ack), flows)
        #expect(verdicts == [.delivered(bench.endpoint): 10_000])
        #expect(knownCount(bench, flows) == 10_000)
        #expect(bench.mesh.nodes[0].flowCount == 10_000)
    }

    @Test func `a flood of openings finds room among itself, not among connections`() throws {
        let bench = try FlowBench(flowCount: 1 << 12, flowCountMax: 1 << 12)
        let connections = 0..<1_000
        #expect(send(bench, .tcp(.ack), connections) == [.delivered(bench.endpoint): 1_000])
        let flood = send(bench, .tcp(.syn), 10_000..<30_000)
        #expect(flood[.delivered(bench.endpoint), default: 0] > 19_000)
        #expect(knownCount(bench, connections) == 1_000)
        #expect(bench.mesh.nodes[0].flowCount <= 1 << 12)
        // Most of the flood is given up for more of it, and connections still open.
        #expect(send(bench, .tcp(.ack), 50_000..<50_100) == [.delivered(bench.endpoint): 100])
        #expect(knownCount(bench, 50_000..<50_100) == 100)
    }

    @Test func `connections that were forgotten make room in a full table`() throws {
        let bench = try FlowBench(flowCount: 1 << 10, flowCountMax: 1 << 10)
        let first = send(bench, .udp, 0..<2_000)
        #expect(first[.dropped(.flowTableFull), default: 0] > 900)
        bench.wait(200)
        let second = send(bench, .tcp(.ack), 10_000..<10_700)
        #expect(second == [.delivered(bench.endpoint): 700])
        #expect(knownCount(bench, 10_000..<10_700) == 700)
    }

    @Test func `a batch on a full table costs no more than on any other`() throws {
        // Looking through the whole table for every batch took more than a second here.
        let bench = try FlowBench(flowCount: 1 << 16, flowCountMax: 1 << 16)
        let node = bench.mesh.nodes[0]
        var tally: [Verdict: Int] = [:]
        for start in stride(from: 0, to: 54_000, by: 256) {
            let inputs = (start..<start + 256).map {
                Input(bytes: FlowBench.draft(.tcp(.ack), $0).frame)
            }
            node.feed(inputs, now: bench.mesh.now)
        }
        let again = [Input(bytes: FlowBench.draft(.tcp(.ack), 5).frame)]
        let time = ContinuousClock().measure {
            for _ in 0..<200 { node.feed(again, now: bench.mesh.now) }
        }
        #expect(node.judge([], now: bench.mesh.now, into: &tally))
        #expect(node.flowCount > 50_000)
        #expect(time < .milliseconds(250), "\(time) for 200 batches of one packet")
    }
}
