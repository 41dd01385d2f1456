// Goal: every reason to drop a frame is reached by a frame that deserves it, and by it alone.
// Method: fixtures as data; those that need time or a full table have a test of their own here, and
// the last test fails for a reason that no frame has shown.

import Dataplane
import Mesh
import Testing
import Wire

@Suite struct DropTests {
    /// The standard mesh, and a service on `front` without tasks.
    private static func mesh(flowCountMax: Int = 1 << 16) throws -> TestMesh {
        try .standard(flowCountMax: flowCountMax) {
            $0 = $0.with(ServiceSpecification("lone", replicas: 0, on: ["front"]))
        }
    }

    private func verdict(of fixture: DropFixture) throws -> Verdict? {
        let mesh = try Self.mesh()
        let node =
            switch fixture.place {
            case .node(let node): node
            case .task(let endpoint): Int(mesh.program()[endpoint].node.rawValue)
            }
        for frame in fixture.before { mesh.nodes[node].judge([fixture.input(frame)], now: 1) }
        var input = fixture.input(fixture.frame)
        input.wireByteCount = fixture.wireByteCount
        return mesh.nodes[node].judge([input], now: 1).first?.verdict
    }

    @Test func `each fixture is dropped for its reason`() throws {
        for fixture in DropFixture.all(try Self.mesh()) {
            #expect(
                try verdict(of: fixture) == .dropped(fixture.reason), "\(fixture.testDescription)")
        }
    }

    @Test func `every reason has a fixture`() throws {
        let fixtures = Set(DropFixture.all(try Self.mesh()).map(\.reason))
        // Shown by the two tests below and, what only a director says, by DirectorDropTests.
        let others: Set<Drop> = [
            .fragmentTimeout, .flowTableFull, .refusedOptions, .unroutable, .noServer,
            .serverDeleted, .overloaded, .connectionTableFull,
        ]
        let missing = Drop.allCases.filter { !fixtures.contains($0) && !others.contains($0) }
        #expect(missing.isEmpty, "\(missing)")
    }

    @Test func `a fragment whose first never comes is dropped after thirty seconds`() throws {
        let mesh = try Self.mesh()
        let fragment = Sender.web(.udp).fragment(
            [UInt8](repeating: 0, count: 8), at: 64, more: false)
        #expect(mesh.send(fragment, at: 0).map(\.verdict) == [.held])
        mesh.now += .seconds(30)
        #expect(mesh.carry([], at: 0).isEmpty)
        mesh.now += .seconds(1)
        #expect(mesh.carry([], at: 0).map(\.verdict) == [.dropped(.fragmentTimeout)])
        #expect(mesh.nodes[0].ledger.held == 0)
    }

    @Test func `a table full of connections takes no more and keeps those it has`() throws {
        let mesh = try TestMesh.standard(flowCount: 16, flowCountMax: 16) { $0.nodes.removeLast(2) }
        var verdicts: [Verdict] = []
        for port in UInt16(1)...17 {
            let draft = Sender.web(.tcp(.ack)).with(\.sourcePort, port)
            verdicts += mesh.send(draft.frame, at: 0).map(\.verdict)
        }
        #expect(verdicts.last == .dropped(.flowTableFull))
        #expect(mesh.nodes[0].flowCount == 16)
        let again = Sender.web(.tcp(.ack)).with(\.sourcePort, 1)
        #expect(mesh.send(again.frame, at: 0).last?.verdict == verdicts.first)
    }

    @Test func `every explanation is a sentence of its own`() {
        #expect(Set(Drop.allCases.map(\.explanation)).count == Drop.allCases.count)
        #expect(Drop.allCases.allSatisfy { !$0.explanation.hasSuffix(".") })
    }
}
