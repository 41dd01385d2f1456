// Goal: tasks reach services by virtual address, each other directly, and host-mode ports stay on
// their node. Method: as in MeshPathTests, against packets built anew.

import Dataplane
import Mesh
import Testing
import Wire

@Suite struct EastWestTests {
    /// A packet of task 0 of a service, on node 0, to the web service's virtual address.
    private func call(
        _ mesh: TestMesh, from service: String = "probe", isIPv6: Bool, atOwner node: Int
    ) throws -> Draft {
        let probe = mesh.endpoint(service, 0, on: "front")
        let target = mesh.virtualAddress("web", on: "front", isIPv6: isIPv6)
        let draft = Draft(
            .tcp(.syn), from: mesh.address(of: probe, isIPv6: isIPv6), to: target, 8000)
        let program = mesh.program()
        guard
            case .service(let service) = program.addresses.find(
                IPv6Address(target), in: .network(mesh.network("front")))
        else { throw Missing() }
        for port in UInt16(30_000)...31_000 {
            let flow = FlowKey(
                client: IPv6Address(draft.source), clientPort: Port(port), servicePort: Port(8000),
                proto: .tcp)
            let choice = program.choose(flow, service: service, target: Port(8000))
            if let choice, Int(program[choice.endpoint].node.rawValue) == node {
                return draft.with(\.sourcePort, port)
            }
        }
        throw Missing()
    }

    private struct Missing: Error {}

    @Test(arguments: [false, true], [0, 1, 2])
    func `a task calls a virtual address and hears from it`(isIPv6: Bool, owner: Int) throws {
        let mesh = try TestMesh.standard()
        let probe = mesh.endpoint("probe", 0, on: "front")
        let request = try call(mesh, isIPv6: isIPv6, atOwner: owner)
        let there = try #require(mesh.send(request.frame, from: probe).last)
        let web = mesh.endpoint("web", owner, on: "front")
        #expect(there.verdict == .delivered(web) && there.node == owner)
        let address = mesh.address(of: web, isIPv6: isIPv6)
        let front = Int(mesh.network("front").rawValue)
        let delivered = request.to(address, 8000).with(\.ttl, 63).between(
            mesh.program(owner).networks[front].balancerMAC, mesh.program()[web].mac)
        #expect(there.bytes == delivered.frame)
        let back = mesh.send(request.reversed.from(address, 8000).frame, from: web)
        #expect(back.last?.verdict == .delivered(probe) && back.last?.node == 0)
        let answered = request.reversed.with(\.ttl, 63).between(
            mesh.program(owner).networks[front].balancerMAC, mesh.program()[probe].mac)
        #expect(back.last?.bytes.withoutLink == answered.packet)
    }

    @Test(arguments: [false, true])
    func `a task that is chosen for its own call hears from itself`(isIPv6: Bool) throws {
        let mesh = try TestMesh.standard()
        let web = mesh.endpoint("web", 0, on: "front")
        let request = try call(mesh, from: "web", isIPv6: isIPv6, atOwner: 0)
        let front = mesh.program().networks[Int(mesh.network("front").rawValue)]
        let balancer = try #require(
            isIPv6
                ? front.balancer6.map { IPAddress.v6($0) } : front.balancer4.map { .v4($0) })
        let address = mesh.address(of: web, isIPv6: isIPv6)
        let there = mesh.send(request.frame, from: web)
        #expect(there.map(\.verdict) == [.delivered(web)])
        let seen = request.from(balancer, request.sourcePort).to(address, 8000)
        #expect(there.last?.bytes.withoutLink == seen.with(\.ttl, 63).packet)
        let back = mesh.send(seen.reversed.frame, from: web)
        #expect(back.map(\.verdict) == [.delivered(web)])
        #expect(back.last?.bytes.withoutLink == request.reversed.with(\.ttl, 63).packet)
        // An error about the call, from the side that got it, and one about the answer, from the side that called.
        func error(_ quoted: [UInt8], _ source: IPAddress, _ target: IPAddress) -> Draft {
            Draft.error(
                .destinationUnreachable, .destinationUnreachable, code: isIPv6 ? 4 : 3,
                quoting: quoted, from: source, to: target)
        }
        let call = request.with(\.ttl, 63)
        let errors = [
            (
                error(seen.with(\.ttl, 63).packet, address, balancer),
                error(call.packet, request.target, address)
            ),
            (
                error(call.reversed.packet, address, request.target),
                error(seen.reversed.with(\.ttl, 63).packet, balancer, address)
            ),
        ]
        for (sent, expected) in errors {
            let steps = mesh.send(sent.frame, from: web)
            #expect(steps.map(\.verdict) == [.delivered(web)])
            let got = try sight(try #require(steps.last).bytes)
            let told = try sight(expected.with(\.ttl, 63).frame)
            #expect(got.source == told.source && got.target == told.target)
            #expect(got.areChecksumsValid)
            // What is quoted, but for its checksums: they change by differences.
            let quote = (isIPv6 ? 40 : 20) + 8
            let (here, there) = (
                try #require(steps.last).bytes.withoutLink.dropFirst(quote),
                expected.packet.dropFirst(quote)
            )
            let addresses = isIPv6 ? 8..<44 : 12..<24
            #expect(Array(Array(here)[addresses]) == Array(Array(there)[addresses]))
        }
    }

    @Test func `a source route that is at its end is no obstacle`() throws {
        let mesh = try TestMesh.standard()
        for frame in [
            Sender.web().options([131, 7, 8, 192, 0, 2, 12, 0]),
            Sender.web(isIPv6: true).routed(segmentsLeft: 0),
        ] {
            guard case .delivered = mesh.send(frame, at: 0).last?.verdict else {
                Issue.record("not delivered")
                continue
            }
        }
    }

    @Test(arguments: [false, true])
    func `tasks of one network reach each other's own addresses untouched`(isIPv6: Bool) throws {
        let mesh = try TestMesh.standard()
        let ends = (mesh.endpoint("probe", 0, on: "front"), mesh.endpoint("web", 1, on: "front"))
        let request = Draft(
            .udp, from: mesh.address(of: ends.0, isIPv6: isIPv6), 5000,
            to: mesh.address(of: ends.1, isIPv6: isIPv6), 6000)
        let there = mesh.send(request.frame, from: ends.0)
        #expect(
            there.map(\.verdict) == [
                .transmitted(.underlay(NodeIndex(1))), .delivered(ends.1),
            ])
        #expect(there.last?.bytes.withoutLink == request.packet)
        let back = mesh.send(request.reversed.frame, from: ends.1)
        #expect(back.last?.verdict == .delivered(ends.0))
        #expect(back.last?.bytes.withoutLink == request.reversed.packet)
    }

    @Test func `a host-mode port reaches the node's own task and no other`() throws {
        let mesh = try TestMesh.standard { specification in
            specification.services[2].mode = .replicated(1)
            specification.services[2].attachments = [
                ServiceSpecification.AttachmentSpecification(network: "front")
            ]
        }
        let agent = mesh.endpoint("agent", 0, on: "front")
        let owner = Int(mesh.program()[agent].node.rawValue)
        for node in 0..<3 {
            let request = Sender.web().to(mesh.address(node), 9100)
            let steps = mesh.send(request.frame, at: node)
            let expected: Verdict =
                node == owner ? .delivered(agent) : .dropped(.portNotPublished)
            #expect(steps.map(\.verdict) == [expected])
            guard node == owner else { continue }
            let delivered = request.to(mesh.address(of: agent), 9101).with(\.ttl, 63)
            #expect(steps.last?.bytes.withoutLink == delivered.packet)
            let reply = delivered.with(\.ttl, 64).reversed
            let back = mesh.send(reply.frame, from: agent)
            #expect(back.map(\.verdict) == [.transmitted(.clients)])
            #expect(back.last?.bytes.withoutLink == request.reversed.with(\.ttl, 63).packet)
        }
    }

    @Test func `a virtual address on ingress works from near and far alike`() throws {
        let mesh = try TestMesh.standard {
            $0 = $0.with(ServiceSpecification("caller", publish: [PortSpecification(6000, 60)]))
        }
        let caller = mesh.endpoint("caller", 0)
        let target = mesh.virtualAddress("web", on: "ingress")
        for port in UInt16(1)...24 {
            let request = Draft(.tcp(.syn), from: mesh.address(of: caller), port, to: target, 80)
            let last = mesh.send(request.frame, from: caller).last
            guard case .delivered = last?.verdict else {
                Issue.record("from port \(port): \(String(describing: last?.verdict))")
                continue
            }
        }
    }
}
