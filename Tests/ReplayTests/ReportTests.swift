// Goal: the report's numbers agree with one another and with the file. Method: sums taken over services,
// over tasks and over nodes; packets counted here from the trace; the report through JSON and back.

import Foundation
import Mesh
import Replay
import Testing

@Suite struct ReportTests {
    @Test(arguments: Fixture.all)
    func `services, tasks and nodes add up to the same`(fixture: Fixture) throws {
        let options = ReplayOptions(policy: .roundRobin, remaps: fixture.remaps)
        let report = try Replaying.replay(fixture.path, through: fixture.cluster(), options).report
        let flows = report.services.reduce(0) { $0 + $1.flows }
        #expect(flows > 0)
        #expect(report.tasks.reduce(0) { $0 + $1.flows } == flows)
        #expect(report.nodes.reduce(0) { $0 + $1.flows } == flows)
        let requests = report.tasks.reduce(0) { $0 + $1.requests.packets }
        #expect(report.nodes.reduce(0) { $0 + $1.requests.packets } == requests)
        let bytes = report.tasks.reduce(0) { $0 + $1.requests.bytes }
        #expect(report.nodes.reduce(0) { $0 + $1.requests.bytes } == bytes)
        #expect(report.ledger.delivered == requests)
        let entered = report.services.reduce(0) { $0 + $1.requests.packets }
        #expect(entered + report.ledger.dropped + report.ledger.generated >= requests)
        let replies = report.services.reduce(0) { $0 + $1.replies.packets }
        #expect(report.tasks.reduce(0) { $0 + $1.replies.packets } == replies)
        #expect(report.drops.reduce(0) { $0 + $1.packets } == report.ledger.dropped)
        #expect(report.ledger.received == report.trace.replayed)
    }

    @Test(arguments: Fixture.all)
    func `the nodes' columns add up to the ledger`(fixture: Fixture) throws {
        let options = ReplayOptions(policy: .hash, remaps: fixture.remaps)
        let report = try Replaying.replay(fixture.path, through: fixture.cluster(), options).report
        func sum(_ column: KeyPath<ReplayReport.Node, UInt64>) -> UInt64 {
            report.nodes.reduce(0) { $0 + $1[keyPath: column] }
        }
        #expect(sum(\.delivered) == report.ledger.delivered)
        #expect(sum(\.dropped) == report.ledger.dropped)
        #expect(sum(\.generated) == report.ledger.generated)
        #expect(sum(\.consumed) == report.ledger.neighbour + report.ledger.host)
        #expect(sum(\.held) == report.ledger.held)
        #expect(sum(\.toClients) == report.ledger.transmitted)
        // What a node got beyond the trace, another had sent it over the underlay.
        #expect(sum(\.received) == report.trace.replayed + sum(\.toUnderlay))
    }

    @Test func `a service's packets are the trace's packets at its port`() throws {
        let fixture = Fixture["real.pcap"]
        let report = try Replaying.replay(fixture.path, through: fixture.cluster()).report
        let frames = try TraceFile.read(fixture.path).map(\.frame.bytes)
        func count(_ offset: Int) -> Int {
            frames.count { bytes in
                let isIPv4 = word(bytes, 12) == 0x0800 && bytes[23] == 6
                let isIPv6 = word(bytes, 12) == 0x86dd && bytes[20] == 6
                return (isIPv4 && word(bytes, 34 + offset) == 8080)
                    || (isIPv6 && word(bytes, 54 + offset) == 8080)
            }
        }
        let web = try #require(report.services.first)
        #expect(web.name == "web_web" && web.ports == ["*:8080->80/tcp"])
        #expect(web.requests.packets == UInt64(count(2)))
        #expect(web.replies.packets == UInt64(count(0)))
        #expect(report.trace.packets == UInt64(frames.count))
    }

    @Test(arguments: Fixture.all)
    func `a report is the same after JSON and in a second run`(fixture: Fixture) throws {
        let cluster = try fixture.cluster()
        let options = ReplayOptions(policy: .roundRobin, remaps: fixture.remaps)
        let report = try Replaying.replay(fixture.path, through: cluster, options).report
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(ReplayReport.self, from: data) == report)
        #expect(try Replaying.replay(fixture.path, through: cluster, options).report == report)
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        #expect(object?["schema"] as? String == "weft.replay/1")
        #expect(object?["churn"] == nil)
    }

    @Test func `evenness is that of the tasks' flows`() throws {
        let fixture = Fixture["generated.pcap"]
        let report = try Replaying.replay(fixture.path, through: fixture.cluster()).report
        for service in report.services {
            let flows = report.tasks.filter { $0.name.hasPrefix(service.name + ".") }.map(\.flows)
            let mean = Double(service.flows) / Double(flows.count)
            let evenness = try #require(service.evenness)
            let statistic = flows.reduce(0) { sum, count in
                sum + (Double(count) - mean) * (Double(count) - mean) / mean
            }
            #expect(flows.count == service.tasks)
            #expect(abs(evenness.maxOverMean - Double(flows.max() ?? 0) / mean) < 1e-9)
            #expect(abs(evenness.chiSquare - statistic) < 1e-6)
            #expect(evenness.degreesOfFreedom == flows.count - 1)
            #expect(evenness.pValue > 1e-6)
        }
    }
}
