// Goal: a client's packet reaches the task's own node unchanged, the task as if sent to it, and the
// answer comes back from where the client had sent to; over both families and all transports.
//
// Method: each packet that the data plane rewrote is compared, byte for byte, with one that the
// builder made anew with the ends it should have. A checksum that was patched wrongly differs.

import Dataplane
import Mesh
import Testing
import Wire

@Suite struct MeshPathTests {
    @Test(arguments: Kind.all, [false, true])
    func `an entry node wraps the packet for the owner and changes nothing inside`(
        _ kind: Kind, isUnderlayIPv6: Bool
    ) throws {
        let mesh = try TestMesh.standard(isUnderlayIPv6: isUnderlayIPv6)
        let request = mesh.aimed(kind.request, atOwner: 1).with(\.trafficClass, 0x2e)
        let choice = request.choice(in: mesh)
        let steps = mesh.send(request.frame, at: 0)
        #expect(
            steps.map(\.verdict) == [
                .transmitted(.underlay(NodeIndex(1))), .delivered(choice.endpoint),
            ])
        let wrapped = try #require(steps.first)
        #expect(wrapped.outcome.frame.choice == choice)
        let outer = try sight(wrapped.bytes)
        let (own, peer) = (mesh.program().peers[0], mesh.program().peers[1])
        #expect((outer.sourceMAC, outer.targetMAC) == (own.mac, peer.mac))
        #expect((outer.source, outer.target) == (mesh.vtep(0), mesh.vtep(1)))
        #expect(outer.proto == .udp && outer.targetPort == 4789 && outer.sourcePort >= 49_152)
        #expect(outer.ttl == 64 && outer.dontFragment && outer.areChecksumsValid)
        #expect(outer.trafficClass == 0x02, "only the ECN field is copied")
        let header = wrapped.bytes.suffix(from: outer.transportOffset + 8).prefix(8)
        #expect(header.elementsEqual([8, 0, 0, 0, 0, 0x10, 0, 0]), "VNI 4096")
        // The inner frame: new link addresses, the same packet.
        let inner = wrapped.bytes.unwrapped(isUnderlayIPv6: isUnderlayIPv6)
        let balancer = mesh.program(0).networks[0].balancerMAC
        #expect(inner == request.between(balancer, mesh.program()[choice.endpoint].mac).frame)
    }

    @Test(arguments: Kind.all, [false, true])
    func `the owner hands the task a packet as if it had been sent to it`(
        _ kind: Kind, isRemote: Bool
    ) throws {
        let mesh = try TestMesh.standard()
        let owner = isRemote ? 2 : 0
        let request = mesh.aimed(kind.request, atOwner: owner).with(\.ttl, 9)
        let endpoint = request.choice(in: mesh).endpoint
        let delivered = try #require(mesh.send(request.frame, at: 0).last)
        #expect(delivered.verdict == .delivered(endpoint))
        let network = mesh.program(owner).networks[0]
        let expected =
            request.to(mesh.address(of: endpoint, isIPv6: kind.isIPv6), kind.target)
            .with(\.ttl, 8).between(network.balancerMAC, mesh.program()[endpoint].mac)
        #expect(delivered.bytes == expected.frame)
        #expect(delivered.node == owner)
    }

    @Test(arguments: Kind.all, [0, 2])
    func `a reply leaves by the entry node with the address the client knows`(
        _ kind: Kind, owner: Int
    ) throws {
        let mesh = try TestMesh.standard()
        let request = mesh.aimed(kind.request, atOwner: owner)
        let endpoint = request.choice(in: mesh).endpoint
        mesh.send(request.frame, at: 0)
        let task = mesh.address(of: endpoint, isIPv6: kind.isIPv6)
        let reply = request.reversed.from(task, kind.target)
            .between(mesh.program()[endpoint].mac, mesh.program(owner).networks[0].balancerMAC)
        let steps = mesh.send(reply.frame, from: endpoint)
        let hops: [Verdict] = [.transmitted(.underlay(NodeIndex(0))), .transmitted(.clients)]
        #expect(steps.map(\.verdict) == (owner == 0 ? [.transmitted(.clients)] : hops))
        let expected = request.reversed.with(\.ttl, 63)
            .between(mesh.program(0).own.mac, Compilation.routerMAC)
        #expect(steps.last?.bytes == expected.frame)
        #expect(steps.last?.node == 0)
    }

    @Test(arguments: Kind.all)
    func `with direct return the owner answers the client itself`(_ kind: Kind) throws {
        let mesh = try TestMesh.standard { $0.settings.replyPath = .direct }
        let request = mesh.aimed(kind.request, atOwner: 2)
        let endpoint = request.choice(in: mesh).endpoint
        mesh.send(request.frame, at: 0)
        let task = mesh.address(of: endpoint, isIPv6: kind.isIPv6)
        let steps = mesh.send(request.reversed.from(task, kind.target).frame, from: endpoint)
        #expect(steps.map(\.verdict) == [.transmitted(.clients)])
        let expected = request.reversed.with(\.ttl, 63)
            .between(mesh.program(2).own.mac, Compilation.routerMAC)
        #expect(steps.last?.bytes == expected.frame)
    }

    @Test func `a reply follows the flow to the node it comes in by now`() throws {
        let mesh = try TestMesh.standard()
        let request = mesh.aimed(Sender.web(), atOwner: 2)
        let endpoint = request.choice(in: mesh).endpoint
        mesh.send(request.frame, at: 0)
        // The router in front moves the flow to another entry node in mid-connection.
        let moved = mesh.send(request.with(\.transport, .tcp(.ack)).frame, at: 1)
        #expect(moved.last?.verdict == .delivered(endpoint))
        let reply = request.reversed.from(mesh.address(of: endpoint), 80)
        let steps = mesh.send(reply.with(\.transport, .tcp(.ack)).frame, from: endpoint)
        #expect(
            steps.map(\.verdict) == [
                .transmitted(.underlay(NodeIndex(1))), .transmitted(.clients),
            ])
        #expect(try sight(try #require(steps.last).bytes).source == Sender.node4)
    }

    @Test func `counters tell requests from replies and local from remote`() throws {
        let mesh = try TestMesh.standard()
        let near = mesh.aimed(Sender.web(), atOwner: 0)
        let far = mesh.aimed(Sender.web(), atOwner: 1)
        for draft in [near, far, far] { mesh.send(draft.frame, at: 0) }
        let endpoint = far.choice(in: mesh).endpoint
        mesh.send(far.reversed.from(mesh.address(of: endpoint), 80).frame, from: endpoint)
        let byteCount = UInt64(far.packet.count)
        #expect(mesh.nodes[0].state.services[0].requests.packetCount == 3)
        #expect(mesh.nodes[0].state.services[0].requests.byteCount == 3 * byteCount)
        #expect(mesh.nodes[0].state.localCount == 1 && mesh.nodes[0].state.remoteCount == 0)
        #expect(mesh.nodes[1].state.localCount == 0 && mesh.nodes[1].state.remoteCount == 2)
        let counted = mesh.nodes[1].state.endpoints[Int(endpoint.rawValue)]
        #expect(counted.requests.packetCount == 2 && counted.replies.packetCount == 1)
        #expect(counted.flowCount == 1)
        #expect(mesh.nodes[1].state.services[0].replies.byteCount == byteCount)
    }
}
