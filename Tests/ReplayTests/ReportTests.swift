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

    /// The same flows counted ten times made any distribution look unfair.
    @Test func `a trace that comes again says nothing new about evenness`() throws {
        let fixture = Fixture["real.pcap"]
        let cluster = try fixture.cluster()
        let once = try Replaying.replay(fixture.path, through: cluster).report
        let often = try Replaying.replay(
            fixture.path, through: cluster, ReplayOptions(loopCount: 5)
        ).report
        #expect(often.services.map(\.evenness) == once.services.map(\.evenness))
        #expect(often.services[0].flows > 4 * once.services[0].flows)
    }

    /// The column of docker's own test of `docker service ls` (TestServiceContext_Ports).
    @Test func `ports are written as docker writes them`() throws {
        let text = """
            services:
              a:
                image: a
                ports: ["62:61", "60-61:60-61", "81:80", "80:80", "95:95", "90-94:90-94", \
            "96:96/udp", "90-95:90-95/udp", "97-98:97-98/sctp", \
            { target: 7000, published: 7000, mode: host }]
            """
        let cluster = try Replaying.cluster(text: text)
        let trace = Fixture["real-cooked.pcap"].path
        let report = try Replaying.replay(trace, through: cluster).report
        #expect(
            report.services[0].ports.joined(separator: ", ")
                == "*:97-98->97-98/sctp, *:60-61->60-61/tcp, *:62->61/tcp, *:80-81->80/tcp, "
                + "*:90-95->90-95/tcp, *:90-96->90-96/udp, 7000->7000/tcp")
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
