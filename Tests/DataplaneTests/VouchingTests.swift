// Goal: a flow that is known vouches for its own packets and for nothing else, and only as long as the
// program that was asked about it is run.
//
// Method: an owner that knows a flow gets, over the tunnel, packets that differ from the flow's in one
// thing; what must become of each is said here, and an owner that takes every packet the general way must
// agree on frames, verdicts and counters.

import Dataplane
import Mesh
import Testing
import Wire

@Suite struct VouchingTests {
    @Test(arguments: Kind.all)
    func `a known flow vouches for its own packets and for no others`(_ kind: Kind) throws {
        let owners = try Owners(kind)
        let (flow, mesh) = (owners.request, owners.mesh)
        owners.expect(.delivered(owners.endpoint), flow)
        let task = mesh.address(of: owners.endpoint, isIPv6: kind.isIPv6)
        let balancer = mesh.virtualAddress("web", on: "ingress", isIPv6: kind.isIPv6)
        let loopback: IPAddress = kind.isIPv6 ? "::1" : "127.0.0.1"
        let cases: [(Draft, Verdict)] = [
            (flow, .delivered(owners.endpoint)),
            (flow.from(loopback, flow.sourcePort), .dropped(.martianSource)),
            (flow.from(flow.target, flow.sourcePort), .dropped(.martianSource)),
            (flow.to(flow.target, 9_999), .dropped(.notForTask)),
            (flow.to(flow.target, 7_070), .dropped(.notForTask)),
            (
                flow.to("203.0.113.99".family(kind, "2001:db8:9::9"), flow.targetPort),
                .dropped(.notForTask)
            ),
            (flow.to(task, kind.target), .delivered(owners.endpoint)),
            (flow.from(flow.source, flow.sourcePort &+ 1), .delivered(owners.endpoint)),
            (
                flow.to(balancer, kind.target).from(flow.source, flow.sourcePort &+ 2),
                .delivered(owners.endpoint)
            ),
        ]
        for (draft, verdict) in cases {
            owners.expect(verdict, draft)
            owners.expect(verdict, draft)
            owners.expect(.delivered(owners.endpoint), flow)
        }
    }

    @Test(arguments: Kind.all.filter { $0.transport == .tcp })
    func `a known flow is asked about anew once its port is another service's`(
        _ kind: Kind
    ) throws {
        let owners = try Owners(kind)
        let moved = try Owners.mesh(webPort: 6_060, shopPort: 8_080)
        owners.expect(.delivered(owners.endpoint), owners.request)
        owners.expect(.delivered(owners.endpoint), owners.request)
        for epoch in UInt64(2)..<6 {
            let isMoved = epoch.isMultiple(of: 2)
            owners.run((isMoved ? moved : owners.mesh).compilation, epoch: epoch)
            let verdict: Verdict =
                isMoved ? .dropped(.notForTask) : .delivered(owners.endpoint)
            owners.expect(verdict, owners.request)
            owners.expect(verdict, owners.request)
        }
    }

    @Test func `a change of weights leaves what is known as it is`() throws {
        let owners = try Owners(Kind(transport: .tcp, isIPv6: false))
        owners.expect(.delivered(owners.endpoint), owners.request)
        var compilation = owners.mesh.compilation
        var task = compilation.task(owners.endpoint)
        task.weight = 0
        let replaced = compilation.replace(task, epoch: 2)
        let change = try #require(replaced)
        #expect(change.endpoints.isEmpty && !change.rows.isEmpty)
        owners.short.program.apply(change)
        owners.long.program.apply(change)
        owners.expect(.delivered(owners.endpoint), owners.request)
    }

    @Test func `no record vouches again when programs are numbered from the start again`() throws {
        let owners = try Owners(Kind(transport: .tcp, isIPv6: false))
        let moved = try Owners.mesh(webPort: 6_060, shopPort: 8_080)
        owners.expect(.delivered(owners.endpoint), owners.request)
        // As many programs as 16 bits tell from one another, and then those with the first numbers.
        for epoch in UInt64(2)..<65_536 {
            owners.short.program = moved.compilation.program(for: NodeID(1), epoch: epoch)
            owners.short.feed([], now: owners.mesh.now)
        }
        for epoch in UInt64(65_536)..<65_540 {
            owners.run(moved.compilation, epoch: epoch)
            owners.expect(.dropped(.notForTask), owners.request)
        }
        owners.run(owners.mesh.compilation, epoch: 65_540)
        owners.expect(.delivered(owners.endpoint), owners.request)
    }
}

/// Two nodes in the place of the second node of a mesh: one that has the short way and one that has not.
private final class Owners {
    let mesh: TestMesh
    let request: Draft
    let endpoint: EndpointIndex
    let short: TestNode
    let long: TestNode
    /// What the entry node writes before a packet of the flow.
    private let outer: [UInt8]

    static func mesh(webPort: UInt16, shopPort: UInt16) throws -> TestMesh {
        try TestMesh.standard { specification in
            let web = specification.services.firstIndex { $0.name == "web" } ?? 0
            specification.services[web].ports[0] = .init(webPort, 80)
            specification.services.append(
                ServiceSpecification("shop", replicas: 3, publish: [.init(shopPort, 61)]))
        }
    }

    init(_ kind: Kind) throws {
        mesh = try Self.mesh(webPort: 8_080, shopPort: 6_060)
        request = mesh.aimed(kind.request, atOwner: 1)
        endpoint = request.choice(in: mesh).endpoint
        outer = Array(mesh.send(request.frame, at: 0)[0].bytes.prefix(50))
        short = TestNode(mesh.program(1))
        long = TestNode(mesh.program(1))
        long.usesShortWay = false
    }

    func run(_ compilation: Compilation, epoch: UInt64) {
        short.program = compilation.program(for: NodeID(1), epoch: epoch)
        long.program = short.program
    }

    /// A packet for the task, as the first node would send it.
    func input(_ draft: Draft) -> Input {
        let program = mesh.program(1)
        let inner = draft.between(
            mesh.program(0).networks[0].balancerMAC, program[endpoint].mac)
        return Input(bytes: outer + inner.frame)
    }

    func expect(
        _ verdict: Verdict, _ draft: Draft, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let input = input(draft)
        let one = short.judge([input], now: mesh.now, sourceLocation: sourceLocation)
        let other = long.judge([input], now: mesh.now, sourceLocation: sourceLocation)
        #expect(one.map(\.verdict) == [verdict], sourceLocation: sourceLocation)
        #expect(other.map(\.verdict) == [verdict], sourceLocation: sourceLocation)
        #expect(one.map(\.bytes) == other.map(\.bytes), sourceLocation: sourceLocation)
        #expect(short.counters == long.counters, sourceLocation: sourceLocation)
    }
}

extension TestNode {
    fileprivate struct Counters: Equatable {
        var ledger: Ledger
        var services: [FlowTraffic]
        var endpoints: [FlowTraffic]
        var localCount: UInt64
        var remoteCount: UInt64
        var flowCount: Int
    }

    fileprivate var counters: Counters {
        Counters(
            ledger: state.ledger, services: state.services, endpoints: state.endpoints,
            localCount: state.localCount, remoteCount: state.remoteCount,
            flowCount: state.flowCount)
    }
}

extension String {
    /// The address that is of a kind's family.
    fileprivate func family(_ kind: Kind, _ other: String) -> IPAddress {
        IPAddress(kind.isIPv6 ? other : self) ?? .v4(IPv4Address(rawValue: 0))
    }
}
