// Goal: bounded memory, growth without a pause, exact expiry, and established connections that no
// flood can push out. Method: one table at a time, seeded chance, invariants after each step.

import Dataplane
import Testing
import Wire

@Suite struct ConnectionTableTests {
    private static let ack = TransportEvent(.tcp, bytes: StateMachine.tcp.header("ack"))
    private static let udp = [UInt8](repeating: 0, count: 8)

    @Test func `a connection is found from both sides`() throws {
        var bench = try ConnectionFixture()
        let flow = ConnectionFixture.flow(.tcp, client: 7)
        let index = bench.open(flow)
        let found = bench.table.find(incoming: flow)
        let answered = bench.table.find(
            outgoing: .tcp, server: ConnectionFixture.address(of: 3), ConnectionFixture.port,
            client: flow.client, flow.clientPort)
        let other = bench.table.find(
            outgoing: .tcp, server: ConnectionFixture.virtual, ConnectionFixture.port,
            client: flow.client, flow.clientPort)
        #expect(found == index && answered == index && other == nil)
    }

    @Test func `without masquerading a server answers from the virtual address`() throws {
        var bench = try ConnectionFixture(method: .directRouting)
        let flow = ConnectionFixture.flow(.tcp, client: 7)
        let index = bench.open(flow)
        let answered = bench.table.find(
            outgoing: .tcp, server: ConnectionFixture.virtual, ConnectionFixture.port,
            client: flow.client, flow.clientPort)
        #expect(index != nil && answered == index)
    }

    @Test func `packets from port 0 open a connection each`() throws {
        var bench = try ConnectionFixture()
        var flow = ConnectionFixture.flow(.tcp, client: 1)
        flow.clientPort = Port(0)
        bench.open(flow)
        let found = bench.table.find(incoming: flow)
        bench.open(flow)
        let (count, isSound) = (bench.table.count, bench.isSound())
        #expect(found == nil && count == 2 && isSound)
    }

    @Test func `a connection ends at its deadline and not a tick before`() throws {
        var bench = try ConnectionFixture()
        let flow = ConnectionFixture.flow(.tcp, client: 1)
        bench.open(flow)
        bench.wait(5_999)
        let before = bench.table.count
        bench.wait(1)
        let after = bench.table.count
        #expect(before == 1 && after == 0)
    }

    @Test func `packets put the end off, and a reset brings it forward`() throws {
        var bench = try ConnectionFixture()
        let flow = ConnectionFixture.flow(.tcp, client: 1)
        let index = try bench.opened(flow)
        bench.send(index, Self.ack)
        for _ in 0..<100 {
            bench.wait(89_999)
            bench.send(index, Self.ack)
            let isSound = bench.isSound()
            #expect(isSound)
        }
        bench.send(index, TransportEvent(.tcp, bytes: StateMachine.tcp.header("rst")))
        bench.wait(999)
        let before = bench.table.count
        bench.wait(1)
        let after = bench.table.count
        #expect(before == 1 && after == 0)
    }

    @Test(arguments: [1, 63, 64, 65, 4_095, 4_096, 1 << 20, 1 << 40, 1 << 62] as [UInt64])
    func `time may start anywhere and leap`(start: UInt64) throws {
        var bench = try ConnectionFixture()
        bench.wait(start)
        var random = SeededGenerator(seed: start)
        for client in 0..<500 {
            bench.open(ConnectionFixture.flow(.tcp, client: client))
            bench.wait(UInt64(random.number(0...70)))
            let isSound = bench.isSound()
            #expect(isSound)
        }
        bench.wait(6_000)
        let rest = bench.table.count
        bench.open(ConnectionFixture.flow(.tcp, client: 1))
        bench.wait(1 << 40)
        let count = bench.table.count
        #expect(rest == 0 && count == 0)
    }

    @Test func `every connection is found while the table grows`() throws {
        var bench = try ConnectionFixture(countMax: 20_000)
        for client in 0..<20_000 {
            bench.open(ConnectionFixture.flow(.udp, client: client), Self.udp)
            guard client % 997 == 0 || client == 19_999 else { continue }
            let isSound = bench.isSound()
            #expect(isSound)
            let missing = (0...client).filter {
                bench.table.find(incoming: ConnectionFixture.flow(.udp, client: $0)) == nil
            }
            #expect(missing.isEmpty)
        }
    }

    @Test func `an IPv4 connection takes at most 64 bytes, all in`() throws {
        var bench = try ConnectionFixture(countMax: 200_000)
        for client in 0..<200_000 {
            bench.open(ConnectionFixture.flow(.udp, client: client), Self.udp)
        }
        let byteCount = bench.table.byteCount
        #expect(byteCount <= 64 * 200_000)
    }

    @Test func `a flood of openings takes no established connection's place`() throws {
        var bench = try ConnectionFixture(countMax: 1_000)
        var established: [ClientFlow<IPv4Address>] = []
        for client in 0..<900 {
            let flow = ConnectionFixture.flow(.tcp, client: client)
            let index = try bench.opened(flow)
            guard client % 3 != 0 else { continue }
            bench.send(index, Self.ack)
            established.append(flow)
        }
        var refused = 0
        for client in 1_000..<50_000
        where bench.open(ConnectionFixture.flow(.tcp, client: client)) == nil {
            refused += 1
        }
        let lost = established.filter { bench.table.find(incoming: $0) == nil }
        let (isSound, count) = (bench.isSound(), bench.table.count)
        #expect(lost.isEmpty && isSound && count == 1_000 && refused == 0)
    }

    @Test func `answers to forged datagrams take no client's place either`() throws {
        var bench = try ConnectionFixture(
            countMax: 1_000, persistence: Persistence(timeoutSeconds: 360, prefixLength: 32))
        let event = TransportEvent(.udp, bytes: Self.udp)
        var clients: [ClientFlow<IPv4Address>] = []
        for client in 0..<300 {
            let flow = ConnectionFixture.flow(.udp, client: client * 60_000)
            let index = try bench.opened(flow, Self.udp)
            bench.send(index, event, .output)
            bench.send(index, event)
            clients.append(flow)
        }
        var refused = 0
        for client in 1_000..<20_000 {
            let flow = ConnectionFixture.flow(.udp, client: client * 60_000)
            guard let index = bench.open(flow, Self.udp) else {
                refused += 1
                continue
            }
            bench.send(index, event, .output)
        }
        let lost = clients.filter { bench.table.find(incoming: $0) == nil }
        let isSound = bench.isSound()
        // The clients' 600 entries are passed over once, 64 at a time.
        #expect(lost.isEmpty && isSound && refused <= 10)
    }

    @Test func `in a flood a client has as long as the flood takes to fill the table`() throws {
        var bench = try ConnectionFixture(countMax: 1_000)
        for client in 0..<1_000 { bench.open(ConnectionFixture.flow(.tcp, client: client)) }
        let late = ConnectionFixture.flow(.tcp, client: 1_000)
        bench.open(late)
        for client in 1_001..<2_000 { bench.open(ConnectionFixture.flow(.tcp, client: client)) }
        let before = bench.table.find(incoming: late)
        bench.open(ConnectionFixture.flow(.tcp, client: 2_000))
        let after = bench.table.find(incoming: late)
        #expect(before != nil && after == nil)
    }

    @Test func `a table full of established connections refuses new ones`() throws {
        var bench = try ConnectionFixture(countMax: 300)
        for client in 0..<300 {
            let index = try bench.opened(ConnectionFixture.flow(.tcp, client: client))
            bench.send(index, Self.ack)
        }
        for client in 300..<1_000 {
            let outcome = bench.schedule(ConnectionFixture.flow(.tcp, client: client))
            #expect(outcome == .dropped)
        }
        let isSound = bench.isSound()
        #expect(isSound)
        bench.wait(90_000)
        let outcome = bench.schedule(ConnectionFixture.flow(.tcp, client: 1))
        #expect(outcome != .dropped)
    }

    @Test func `a flood of a persistent service's clients takes its own templates' places`() throws
    {
        var bench = try ConnectionFixture(
            countMax: 500, persistence: Persistence(timeoutSeconds: 360, prefixLength: 32))
        let known = ConnectionFixture.flow(.tcp, client: 1)
        let index = try bench.opened(known)
        bench.send(index, Self.ack)
        for client in 1..<5_000 {
            bench.open(ConnectionFixture.flow(.tcp, client: client * 60_000))
        }
        let (found, isSound) = (bench.table.find(incoming: known), bench.isSound())
        #expect(found == index && isSound)
    }

    @Test func `a one-packet connection is gone with its packet`() throws {
        var bench = try ConnectionFixture(isOnePacket: true)
        for client in 0..<1_000 {
            bench.open(ConnectionFixture.flow(.udp, client: client % 10), Self.udp)
        }
        let (count, isSound) = (bench.table.count, bench.isSound())
        let connections = bench.rules.servers.reduce(0) { $0 + $1.counters.connectionCount }
        #expect(count == 0 && isSound && connections == 1_000)
    }

    @Test func `drop_entry ends what shows no client, and nothing that does`() throws {
        var bench = try ConnectionFixture()
        bench.rules.settings.dropEntry = 3
        for client in 0..<2_000 {
            let index = try bench.opened(ConnectionFixture.flow(.tcp, client: client))
            guard client % 2 == 0 else { continue }
            for _ in 0..<20 { bench.send(index, Self.ack) }
        }
        bench.table.defend(rules: &bench.rules)
        for _ in 0..<50 {
            bench.wait(100)
            bench.table.defend(rules: &bench.rules)
            let isSound = bench.isSound()
            #expect(isSound)
        }
        let kept = bench.table.entries(bench.rules)
        let established = kept.count { $0.stateName == "ESTABLISHED" }
        // In 50 rounds a bucket is passed over with a chance of e^(-50/32), or 0.21.
        #expect(established == 1_000 && (130...300).contains(kept.count - 1_000))
    }

    @Test func `drop_packet 1 waits until room is short`() {
        var settings = DirectorSettings()
        settings.dropPacket = 1
        var defence = PacketDefence()
        let rates = [500, 100, 99, 50, 25, 1].map { free in
            (0..<100).count { _ in
                defence.dropsPacket(settings, TableRoom(freeCount: free, threshold: 100))
            }
        }
        // One in threshold / (threshold - free): 100, 2, 1 and 1, beginning with the first.
        #expect(rates[0] == 0 && rates[1] == 0 && rates[2] == 1)
        #expect((49...50).contains(rates[3]) && rates[4] >= 99 && rates[5] == 100)
    }

    @Test func `removing everything leaves every server without connections`() throws {
        var bench = try ConnectionFixture(
            persistence: Persistence(timeoutSeconds: 360, prefixLength: 24))
        for client in 0..<1_000 { bench.open(ConnectionFixture.flow(.tcp, client: client * 777)) }
        bench.table.removeAll(rules: &bench.rules)
        let (count, isSound) = (bench.table.count, bench.isSound())
        #expect(count == 0 && isSound)
    }
}
