// Frames that are dropped for what they mean to the overlay, to the owner's flow table or to the
// limits, made for a given mesh: they need its addresses.

import Dataplane
import Mesh
import Testing
import Wire

extension DropFixture {
    /// All fixtures; `mesh` is the standard one.
    static func all(_ mesh: TestMesh) -> [DropFixture] {
        link + network + transport + whereTo + sizes(mesh) + overlay(mesh) + tasks(mesh)
            + owner(mesh)
    }

    static func sizes(_ mesh: TestMesh) -> [DropFixture] {
        [
            DropFixture(
                .packetTooBig, "1451 bytes that may not be fragmented",
                mesh.aimed(
                    Sender.web().with(\.payload, [UInt8](repeating: 1, count: 1411)), atOwner: 1
                ).frame),
            DropFixture(
                .packetTooBig, "1451 bytes of IPv6",
                mesh.aimed(
                    Sender.web(isIPv6: true).with(\.payload, [UInt8](repeating: 1, count: 1391)),
                    atOwner: 1
                ).frame),
            DropFixture(
                .packetTooBig, "1447 bytes beside a tag that the overlay carries too",
                mesh.aimed(
                    Sender.web().with(\.payload, [UInt8](repeating: 1, count: 1407)), atOwner: 1
                ).with(\.tags, [VLANTag(vid: 5)]).frame),
            DropFixture(
                .packetTooBig, "1451 bytes that may be cut, of which the trace has 100",
                wireByteCount: 1465,
                Array(
                    mesh.aimed(
                        Sender.web().with(\.payload, [UInt8](repeating: 1, count: 1411)),
                        atOwner: 1
                    ).with(\.dontFragment, false).frame.prefix(100))),
        ]
    }

    static func overlay(_ mesh: TestMesh) -> [DropFixture] {
        let owned = mesh.aimed(Sender.web(), atOwner: 0)
        let target = owned.choice(in: mesh).endpoint
        let balancer = mesh.program().networks[0].balancerMAC
        let inner = owned.between(balancer, mesh.program()[target].mac)
        func tunnel(_ inner: Draft, vni: UInt32 = 4096, from source: IPAddress? = nil) -> Draft {
            Draft.tunnel(inner.frame, from: source ?? mesh.vtep(1), to: mesh.vtep(0), vni: vni)
        }
        let marked = tunnel(inner).with(\.trafficClass, 3)
        let probe = mesh.program()[mesh.endpoint("probe", 0, on: "front")]
        return [
            DropFixture(
                .martianSource, "from a link-local address, by another node",
                tunnel(
                    mesh.aimed(Sender.web(isIPv6: true), atOwner: 0).with(\.source, "fe80::7")
                        .between(balancer, mesh.program()[target].mac)
                ).frame),
            DropFixture(
                .malformedVXLAN, "the VNI flag is not set",
                tunnel(inner).frame.replacing(at: 14 + 20 + 8, 0)),
            DropFixture(
                .malformedVXLAN, "seven bytes of VXLAN",
                tunnel(inner).with(\.payload, [8, 0, 0, 0, 0, 16, 0]).frame),
            DropFixture(
                .malformedVXLAN, "a fragment of VXLAN", tunnel(inner).fragments(of: 64)[0]),
            DropFixture(
                .unknownPeer, "from a stranger's address",
                tunnel(inner, from: "198.51.100.99").frame),
            DropFixture(.unknownNetwork, "VNI 4999", tunnel(inner, vni: 4999).frame),
            DropFixture(
                .unknownMAC, "a MAC of nobody's",
                tunnel(inner.between(balancer, MACAddress(rawValue: 0x0242_0000_0001))).frame),
            DropFixture(
                .unknownMAC, "a MAC of another network of the node's",
                tunnel(inner.between(balancer, probe.mac)).frame),
            DropFixture(
                .congestionMarkLost, "congestion on the way of a packet that is not ECN-capable",
                marked.frame),
            DropFixture(
                .notForTask, "a port that another service publishes",
                tunnel(inner.to(Sender.node4, 7070)).frame),
            DropFixture(
                .notForTask, "an echo request to a task",
                tunnel(
                    Draft.echo(from: Sender.v4, to: Sender.node4)
                        .between(balancer, mesh.program()[target].mac)
                ).frame),
            DropFixture(
                .notForMesh, "a reply for a client that is from no node's address",
                tunnel(
                    inner.reversed.from("192.0.2.99", 8080)
                        .between(balancer, mesh.program().networks[0].balancerMAC)
                ).frame),
            DropFixture(
                .badHeaderChecksum, "a damaged inner header",
                tunnel(inner).with(\.payload, tunnel(inner).payload.replacing(at: 30, 99)).frame),
            DropFixture(.ttlExpired, "an inner TTL of 1", tunnel(inner.with(\.ttl, 1)).frame),
        ]
    }

    static func tasks(_ mesh: TestMesh) -> [DropFixture] {
        let task = mesh.endpoint("probe", 0, on: "front")
        let place = Place.task(task)
        let address = mesh.address(of: task)
        let hello = Draft(.tcp(.ack), from: address, 80, to: Sender.v4, 5)
        return [
            DropFixture(
                .spoofedSource, "a neighbour's address", at: place,
                hello.from(mesh.address(of: mesh.endpoint("probe", 1, on: "front")), 80).frame),
            DropFixture(
                .spoofedSource, "its own address, on a node that does not own it",
                at: .task(mesh.endpoint("probe", 1, on: "front")),
                hello.from(mesh.address(of: task), 80).frame),
            DropFixture(.noFlow, "an answer to nobody", at: place, hello.frame),
            DropFixture(
                .noFlow, "an echo request to a stranger", at: place,
                Draft.echo(from: address, to: Sender.v4).frame),
            DropFixture(
                .noTask, "an echo to a service without a task", at: place,
                Draft.echo(from: address, to: mesh.virtualAddress("lone", on: "front")).frame),
            DropFixture(
                .portNotPublished, "to a load balancer's own address", at: place,
                hello.to(.v4(IPv4Address(10, 0, 1, 2)), 80).frame),
        ]
    }

    static func owner(_ mesh: TestMesh) -> [DropFixture] {
        let open = mesh.aimed(Sender.web(), atOwner: 0)
        let acknowledged = open.with(\.transport, .tcp(.ack))
        let sctp = mesh.aimed(Sender.web(.sctp(.data)), atOwner: 0)
            .with(\.payload, [UInt8](repeating: 1, count: 40))
        let held = (0..<64).map { index in
            Sender.web(.udp).fragment(
                [UInt8](repeating: 0, count: 8), at: 64, more: false,
                identification: UInt32(index))
        }
        return [
            DropFixture(
                .flowConflict, "the client's port again, to another address of the node's",
                after: [open.frame, acknowledged.frame],
                acknowledged.with(\.target, "192.0.2.12").frame),
            DropFixture(
                .flowConflict, "the client's port again, while the first connection is opening",
                after: [open.frame], open.with(\.target, "192.0.2.12").frame),
            DropFixture(
                .badFragment, "SCTP in fragments, whose checksum could not follow the port",
                sctp.fragments(of: 32)[0]),
            DropFixture(
                .fragmentHoldFull, "the sixty-fifth that waits", after: held,
                Sender.web(.udp).fragment(
                    [UInt8](repeating: 0, count: 8), at: 64, more: false,
                    identification: 64)),
            DropFixture(
                .fragmentHoldFull, "longer than any that may wait",
                Sender.web(.udp).fragment([UInt8](repeating: 0, count: 9_240), at: 64, more: false)
            ),
        ]
    }
}

extension Draft {
    /// The task it goes to.
    func choice(in mesh: TestMesh) -> Choice {
        guard let choice = mesh.choice(self) else { fatalError("\(targetPort) is not published") }
        return choice
    }
}
