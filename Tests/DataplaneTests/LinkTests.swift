// Goal: what a frame brings besides a clean packet is kept: tags, damage, missing checksums, cut
// captures, marks, trailers. Method: frames with one oddity each, sent across the mesh.

import Dataplane
import Mesh
import Testing
import Wire

@Suite struct LinkTests {
    private static let tagStacks: [[VLANTag]] = [
        [], [VLANTag(pcp: 5, vid: 100)], [VLANTag(tpid: .qinq, vid: 10), VLANTag(vid: 20)],
    ]

    @Test(arguments: tagStacks, [0, 2])
    func `tags are kept on the way to the task`(_ tags: [VLANTag], owner: Int) throws {
        let mesh = try TestMesh.standard()
        let request = mesh.aimed(Sender.web(), atOwner: owner).with(\.tags, tags)
        let endpoint = request.choice(in: mesh).endpoint
        let delivered = try #require(mesh.send(request.frame, at: 0).last)
        let expected = request.to(mesh.address(of: endpoint), 80).with(\.ttl, 63).between(
            mesh.program(owner).networks[0].balancerMAC, mesh.program()[endpoint].mac)
        #expect(delivered.bytes == expected.frame)
    }

    @Test(arguments: Kind.all)
    func `a damaged checksum stays damaged by as much`(_ kind: Kind) throws {
        let mesh = try TestMesh.standard()
        let request = mesh.aimed(kind.request, atOwner: 2)
        let offset = try sight(request.frame).transportOffset
        let place: Int
        switch kind.transport {
        case .tcp: place = offset + 16
        case .udp: place = offset + 6
        case .sctp: place = offset + 8
        }
        let damaged = request.frame.replacing(at: place, request.frame[place] ^ 0x5a)
        let good = try #require(mesh.send(request.frame, at: 0).last).bytes
        let bad = try #require(mesh.send(damaged, at: 0).last).bytes
        #expect(try sight(good).areChecksumsValid)
        #expect(try !sight(bad).areChecksumsValid)
        #expect(
            Self.distance(good, bad, place, kind)
                == Self.distance(
                    request.frame, damaged, place, kind))
        #expect(good.prefix(place).elementsEqual(bad.prefix(place)))
    }

    /// In one's complement arithmetic for TCP and UDP, bit by bit for SCTP's CRC.
    private static func distance(_ a: [UInt8], _ b: [UInt8], _ place: Int, _ kind: Kind) -> UInt32 {
        func word(_ bytes: [UInt8], _ count: Int) -> UInt32 {
            bytes[place..<place + count].reduce(0) { $0 << 8 | UInt32($1) }
        }
        guard kind.transport != .sctp else { return word(a, 4) ^ word(b, 4) }
        return (word(b, 2) + 0xffff - word(a, 2)) % 0xffff
    }

    @Test func `a UDP datagram without checksum gets none`() throws {
        let mesh = try TestMesh.standard()
        let request = mesh.aimed(Sender.web(.udp), atOwner: 2)
        let offset = try sight(request.frame).transportOffset + 6
        let delivered = try #require(
            mesh.send(request.frame.replacing(at: offset, 0, 0), at: 0).last)
        #expect(delivered.bytes[offset..<offset + 2].elementsEqual([0, 0]))
        #expect(try sight(delivered.bytes).targetPort == 53)
    }

    @Test(arguments: Kind.all, [false, true])
    func `a packet cut by a snap length goes as far as a whole one`(
        _ kind: Kind, isUnderlayIPv6: Bool
    ) throws {
        let mesh = try TestMesh.standard(isUnderlayIPv6: isUnderlayIPv6)
        let request = mesh.aimed(kind.request, atOwner: 2)
            .with(\.payload, [UInt8](repeating: 9, count: 200))
        let whole = try #require(mesh.send(request.frame, at: 0).last)
        let byteCount = try sight(request.frame).transportOffset + 40
        let cut = Input(
            bytes: Array(request.frame.prefix(byteCount)), wireByteCount: request.frame.count)
        let last = try #require(mesh.carry([cut], at: 0).last)
        #expect(last.verdict == whole.verdict)
        #expect(last.bytes == Array(whole.bytes.prefix(byteCount)))
        #expect(last.outcome.frame.wireByteCount == whole.bytes.count)
    }

    @Test func `a trailer longer than a packet can be does not spoil the outer header`() throws {
        let mesh = try TestMesh.standard()
        let request = mesh.aimed(Sender.web(), atOwner: 2)
        let plain = try #require(mesh.send(request.frame, at: 0).last)
        for count in [6, 1_500, 70_000] {
            let padded = request.frame + [UInt8](repeating: 0xee, count: count)
            let steps = mesh.send(padded, at: 0)
            #expect(steps.last?.verdict == plain.verdict, "\(count) bytes of trailer")
            let outer = try sight(try #require(steps.first).bytes)
            #expect(outer.packetByteCount <= 1500 && outer.areChecksumsValid)
        }
    }

    @Test func `congestion met on the underlay reaches the task`() throws {
        let mesh = try TestMesh.standard()
        for (inner, outer, expected): (UInt8, UInt8, UInt8) in [
            (2, 3, 3), (1, 3, 3), (2, 0, 2), (3, 0, 3),
        ] {
            let request = mesh.aimed(Sender.web(), atOwner: 0).with(\.trafficClass, 0xb8 | inner)
            let mac = mesh.program()[request.choice(in: mesh).endpoint].mac
            let frame = request.between(mesh.program(1).networks[0].balancerMAC, mac).frame
            let tunnel = Draft.tunnel(
                frame, from: mesh.vtep(1), to: mesh.vtep(0), trafficClass: outer)
            let delivered = try sight(try #require(mesh.send(tunnel.frame, at: 0).last).bytes)
            #expect(delivered.trafficClass == 0xb8 | expected && delivered.areChecksumsValid)
        }
    }

    @Test func `neighbours' talk is left to the node`() throws {
        let mesh = try TestMesh.standard()
        let arp = Sender.web().link(.arp, [UInt8](repeating: 0, count: 28))
        var solicitation = Draft(.raw(.icmpv6), from: "fe80::1", to: "ff02::1:ff00:b")
        solicitation.payload = solicitation.message(type: 135, [UInt8](repeating: 0, count: 16))
        for frame in [arp, solicitation.frame] {
            #expect(mesh.send(frame, at: 0).map(\.verdict) == [.consumed(.neighbour)])
        }
        let mac = mesh.program(1).networks[0].balancerMAC
        let inside = Draft.tunnel(
            Sender.web().between(mac, .broadcast).link(.arp, [UInt8](repeating: 0, count: 28)),
            from: mesh.vtep(1), to: mesh.vtep(0))
        #expect(mesh.send(inside.frame, at: 0).map(\.verdict) == [.consumed(.neighbour)])
    }
}
