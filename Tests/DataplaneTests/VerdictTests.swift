// Goal: every way a frame can end well is reached. Method: one frame for each, the kinds taken from
// the enums themselves, so a new kind without a frame fails here.

import Dataplane
import Testing
import Wire

@Suite struct VerdictTests {
    @Test func `every kind of consumption has a frame`() throws {
        let mesh = try TestMesh.standard()
        let frames = [
            Sender.web().link(.arp, [UInt8](repeating: 0, count: 28)),
            Draft.echo(from: Sender.v4, to: Sender.node4).frame,
        ]
        let verdicts = Set(frames.flatMap { mesh.send($0, at: 0).map(\.verdict) })
        // Only a director puts datagrams together; its scenarios show that.
        let kinds = Consumed.allCases.filter { $0 != .reassembled }
        #expect(verdicts == Set(kinds.map { .consumed($0) }))
        #expect(kinds.allSatisfy { mesh.nodes[0].ledger[$0] == 1 })
    }

    @Test func `every egress and every arrival is entered in the ledger`() throws {
        let mesh = try TestMesh.standard()
        let near = mesh.aimed(Sender.web(), atOwner: 0)
        let far = mesh.aimed(Sender.web(), atOwner: 1)
        mesh.send(near.frame, at: 0)
        mesh.send(far.frame, at: 0)
        let endpoint = near.choice(in: mesh).endpoint
        mesh.send(near.reversed.from(mesh.address(of: endpoint), 80).frame, from: endpoint)
        mesh.send(near.with(\.ttl, 1).frame, at: 0)
        mesh.send(
            Sender.web(.udp).fragment([UInt8](repeating: 0, count: 8), at: 8, more: false), at: 0)
        let ledger = mesh.nodes[0].ledger
        #expect(ledger.received == 5 && ledger.generated == 1)
        #expect(ledger.transmittedToUnderlay == 1 && ledger.transmittedToClients == 2)
        #expect(ledger.delivered == 1 && ledger.held == 1 && ledger[.ttlExpired] == 1)
        #expect(ledger.isBalanced)
        #expect(mesh.nodes[1].ledger.delivered == 1 && mesh.nodes[1].ledger.received == 1)
    }

    @Test func `ledgers add up`() throws {
        let mesh = try TestMesh.standard()
        mesh.send(mesh.aimed(Sender.web(), atOwner: 1).frame, at: 0)
        mesh.send(Sender.web().with(\.ttl, 1).frame, at: 2)
        var total = Ledger()
        for node in mesh.nodes { total += node.ledger }
        #expect(total.received == 3 && total.delivered == 1 && total.droppedCount == 1)
        #expect(total.isBalanced)
        total.delivered += 1
        #expect(!total.isBalanced, "the canary: a lost frame shows")
    }
}
