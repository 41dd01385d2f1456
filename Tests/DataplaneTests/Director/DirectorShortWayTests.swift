// Goal: a director's short way is nothing but faster. Method: the same traffic by seed, in batches,
// through a director that has it and one that has not, with rules changed between batches; every frame
// byte for byte, every verdict, connection and counter must be the same. The general way is held to the
// kernel by the recorded scenarios.

import Dataplane
import Testing
import Wire

@Suite struct DirectorShortWayTests {
    private func node(usesShortWay: Bool, _ program: Program) throws -> TestNode {
        let node = TestNode(program)
        let rules = try DirectorTraffic.rules()
        var director = Director(
            host: DirectorTraffic.host, key: HashKey(k0: 8, k1: 9), connectionCountMax: 4_096)
        director.change { $0 = rules }
        node.equip(with: director, usesShortWay: usesShortWay)
        return node
    }

    @Test(arguments: 0..<3)
    func `packets pass alike with and without it`(seed: Int) throws {
        let program = try TestMesh.standard().program()
        let short = try node(usesShortWay: true, program)
        let long = try node(usesShortWay: false, program)
        var traffic = DirectorTraffic(seed: UInt64(seed) + 0xd1)
        var random = SeededGenerator(seed: UInt64(seed))
        var now = UInt64.seconds(1_000)
        for round in 0..<80 {
            now += UInt64(random.number(0...60)) * 1_000_000
            if round % 40 == 39 { now += .seconds(70) }
            let inputs = traffic.batch(random.number(1...200), short.connectionEntries)
            let outcomes = short.judge(inputs, now: now)
            for (index, (left, right)) in zip(outcomes, long.judge(inputs, now: now)).enumerated() {
                #expect(left.verdict == right.verdict, "round \(round), frame \(index)")
                #expect(left.bytes == right.bytes, "round \(round), frame \(index)")
            }
            #expect(short.frameCount == long.frameCount)
            #expect(short.ledger == long.ledger)
            #expect(short.connectionEntries == long.connectionEntries, "round \(round)")
            #expect(short.serverCounts == long.serverCounts, "round \(round)")
            let change = change(round, &random)
            for node in [short, long] { try node.change(change) }
        }
        let ledger = short.ledger
        #expect(ledger.transmittedToLinks > 3_000 && ledger.generated > 20)
        #expect(ledger.dropped.count { $0 > 0 } >= 5)
        #expect(short.serverCounts.contains { $0.counters.outgoing.packetCount > 100 })
    }

    /// A change of the rules that both directors make after a round; most rounds have none.
    private func change(
        _ round: Int, _ random: inout SeededGenerator
    ) -> (inout DirectorRules) throws -> Void {
        let number = random.number(1...3)
        let web = VirtualServerKey.address("10.0.0.1", Port(80), .tcp)
        let server = RealServerRule(
            DirectorTraffic.server(number, isIPv6: false), Port(8_080), method: .masquerade)
        let kind = random.number(0...7)
        return { rules in
            switch round % 10 {
            case 3: try? rules.delete(server.address, server.port, from: web)
            case 6: try? rules.add(server, to: web)
            case 8:
                rules.settings.natICMPSend = kind == 0
                rules.settings.expireNodestConn = kind == 1
                rules.settings.secureTCP = kind == 2 ? 3 : 0
                rules.settings.sloppyTCP = kind == 3
                rules.settings.tcpTimeout = kind == 4 ? 60 : 900
                rules.settings.snatReroute = kind != 5
            default: break
            }
        }
    }

    @Test func `a real server that is the host itself takes packets alike`() throws {
        let program = try TestMesh.standard().program()
        let web = VirtualServerKey.address("10.0.0.1", Port(80), .tcp)
        let own = RealServerRule("10.2.0.254", Port(8_080), method: .masquerade)
        var verdicts: [[Verdict]] = []
        for usesShortWay in [true, false] {
            let node = try node(usesShortWay: usesShortWay, program)
            let open = (0..<8).map {
                Draft(.tcp(.syn), from: "10.1.0.9", UInt16(4_000 + $0), to: "10.0.0.1", 80)
            }
            try node.change { try $0.add(own, to: web) }
            let inputs =
                open.map { Input(bytes: $0.frame) }
                + open.map { Input(bytes: $0.with(\.transport, .tcp(.ack)).frame) }
            verdicts.append(node.judge(inputs, now: .seconds(2)).map(\.verdict))
        }
        #expect(verdicts[0] == verdicts[1])
        #expect(verdicts[0].contains(.consumed(.host)))
    }
}
