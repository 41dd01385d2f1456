// Goal: what a node says of its own accord: time exceeded, packet too big, port unreachable, echo
// replies; and how often. Method: expected messages built anew (RFC 792, RFC 4443).

import Dataplane
import Mesh
import Testing
import Wire

@Suite struct ErrorReplyTests {
    /// The error that a dropped packet brings, sent back to where it came from.
    private func check(
        _ steps: [Step], _ reason: Drop, about draft: Draft, _ type4: ICMPType,
        _ type6: ICMPv6Type, code: UInt8, parameter: UInt32 = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(
            steps.map(\.verdict) == [.dropped(reason), .transmitted(.clients)],
            sourceLocation: sourceLocation)
        let error = try #require(steps.last, sourceLocation: sourceLocation)
        #expect(error.isGenerated)
        let quoteMax = draft.addresses.isIPv6 ? 1280 - 48 : 576 - 28
        let expected = Draft.error(
            type4, type6, code: code, parameter: parameter,
            quoting: Array(draft.packet.prefix(quoteMax)), from: draft.target, to: draft.source
        ).between(draft.targetMAC, draft.sourceMAC)
        #expect(error.bytes == expected.frame, sourceLocation: sourceLocation)
    }

    @Test(arguments: Kind.all)
    func `an expired hop limit is told to the sender`(_ kind: Kind) throws {
        let mesh = try TestMesh.standard()
        let draft = kind.request.with(\.ttl, 1)
        try check(
            mesh.send(draft.frame, at: 0), .ttlExpired, about: draft, .timeExceeded,
            .timeExceeded, code: 0)
    }

    @Test(arguments: Kind.all)
    func `what does not fit the overlay is told the size that does`(_ kind: Kind) throws {
        let mesh = try TestMesh.standard()
        guard kind.transport != .sctp else { return }
        let draft = mesh.aimed(kind.request, atOwner: 2)
            .with(\.payload, [UInt8](repeating: 7, count: 1440))
        try check(
            mesh.send(draft.frame, at: 0), .packetTooBig, about: draft, .destinationUnreachable,
            .packetTooBig, code: kind.isIPv6 ? 0 : 4, parameter: 1450)
    }

    @Test(arguments: Kind.all)
    func `a port without a task behind it is told to be unreachable`(_ kind: Kind) throws {
        let mesh = try TestMesh.standard { $0.services[0].mode = .replicated(0) }
        try check(
            mesh.send(kind.request.frame, at: 0), .noTask, about: kind.request,
            .destinationUnreachable, .destinationUnreachable, code: kind.isIPv6 ? 4 : 3)
    }

    @Test func `a frame's tags come back on the error about it`() throws {
        let mesh = try TestMesh.standard()
        let tags = [VLANTag(tpid: .qinq, vid: 10), VLANTag(vid: 20)]
        let draft = Sender.web().with(\.ttl, 1).with(\.tags, tags)
        let error = try #require(mesh.send(draft.frame, at: 0).last)
        let link = try sight(error.bytes)
        #expect(link.tagCount == 2 && link.target == Sender.v4 && link.areChecksumsValid)
    }

    @Test func `a task hears of its own packets`() throws {
        let mesh = try TestMesh.standard()
        let probe = mesh.endpoint("probe", 0, on: "front")
        let target = mesh.virtualAddress("web", on: "front")
        let draft = Draft(.udp, from: mesh.address(of: probe), 9, to: target, 53).with(\.ttl, 1)
        let steps = mesh.send(draft.frame, from: probe)
        #expect(steps.map(\.verdict) == [.dropped(.ttlExpired), .delivered(probe)])
        #expect(try sight(try #require(steps.last).bytes).source == target)
    }

    @Test func `a tag takes its room off the size that is told`() throws {
        let mesh = try TestMesh.standard()
        let draft = mesh.aimed(Sender.web(), atOwner: 2).with(\.tags, [VLANTag(vid: 5)])
        let fits = draft.with(\.payload, [UInt8](repeating: 7, count: 1446 - 40))
        let steps = mesh.send(fits.frame, at: 0)
        #expect(steps.first?.verdict == .transmitted(.underlay(NodeIndex(2))))
        // The underlay's 1500 bytes, and 14 of its own link.
        #expect(steps.first?.bytes.count == 1514)
        let tooBig = draft.with(\.payload, [UInt8](repeating: 7, count: 1447 - 40))
        let error = try #require(mesh.send(tooBig.frame, at: 0).last?.bytes)
        let told = error[(18 + 20 + 6)..<(18 + 20 + 8)]
        #expect(Array(told) == [1446 >> 8, 1446 & 0xff])
    }

    @Test func `no error is sent about a frame to more than one station`() throws {
        let mesh = try TestMesh.standard()
        for isIPv6 in [false, true] {
            for mac in [0xffff_ffff_ffff, 0x3333_0000_0001] as [UInt64] {
                let draft = Sender.web(isIPv6: isIPv6).with(\.ttl, 1)
                    .with(\.targetMAC, MACAddress(rawValue: mac))
                let steps = mesh.send(draft.frame, at: 0)
                #expect(steps.map(\.verdict) == [.dropped(.ttlExpired)])
            }
        }
    }

    @Test func `a trace that holds too little of a packet brings no error`() throws {
        let mesh = try TestMesh.standard()
        let draft = mesh.aimed(Sender.web(), atOwner: 2).with(\.dontFragment, false)
            .with(\.payload, [UInt8](repeating: 7, count: 1440))
        let input = Input(bytes: Array(draft.frame.prefix(100)), wireByteCount: draft.frame.count)
        #expect(mesh.carry([input], at: 0).map(\.verdict) == [.dropped(.packetTooBig)])
    }

    @Test func `no error is sent about an error`() throws {
        let mesh = try TestMesh.standard()
        let error = Draft.error(
            .timeExceeded, .timeExceeded, quoting: Sender.web().reversed.packet, from: Sender.v4,
            to: Sender.node4
        ).with(\.ttl, 1)
        #expect(mesh.send(error.frame, at: 0).map(\.verdict) == [.dropped(.ttlExpired)])
    }

    @Test func `errors come fifty at once and a thousand in a second, no more`() throws {
        let mesh = try TestMesh.standard()
        let frame = Sender.web().with(\.ttl, 1).frame
        func errorCount(_ frameCount: Int) -> Int {
            let inputs = [Input](repeating: Input(bytes: frame), count: frameCount)
            return mesh.nodes[0].judge(inputs, now: mesh.now).filter(\.frame.isGenerated).count
        }
        #expect(errorCount(200) == 50)
        #expect(errorCount(200) == 0)
        mesh.now += 10_000_000
        #expect(errorCount(200) == 10)
        mesh.now += .seconds(3_600)
        #expect(errorCount(200) == 50, "what was not said is not saved up")
        var said = 0
        for _ in 0..<1_000 {
            mesh.now += 1_000_000
            said += errorCount(3)
        }
        #expect((990...1_000).contains(said))
    }

    @Test(arguments: [false, true])
    func `a virtual address answers echo, a node's own address is left to the node`(
        isIPv6: Bool
    ) throws {
        let mesh = try TestMesh.standard()
        let probe = mesh.endpoint("probe", 0, on: "front")
        let address = mesh.address(of: probe, isIPv6: isIPv6)
        let target = mesh.virtualAddress("web", on: "front", isIPv6: isIPv6)
        let echo = Draft.echo(from: address, to: target)
        let steps = mesh.send(echo.frame, from: probe)
        #expect(steps.map(\.verdict) == [.delivered(probe)])
        let reply = try #require(steps.last?.bytes)
        var expected = Draft(.raw(echo.proto), from: target, to: address)
        let data = Array("abcdefgh".utf8)
        expected.payload = expected.message(
            type: isIPv6 ? 129 : 0, parameter: 0x1234_0001, data)
        #expect(reply.withoutLink == expected.packet)
        let client = isIPv6 ? Sender.v6 : Sender.v4
        let ping = Draft.echo(from: client, to: isIPv6 ? Sender.node6 : Sender.node4)
        #expect(mesh.send(ping.frame, at: 0).map(\.verdict) == [.consumed(.host)])
    }

    @Test(arguments: [false, true])
    func `a task pings another and hears from it`(isIPv6: Bool) throws {
        let mesh = try TestMesh.standard()
        let ends = (mesh.endpoint("probe", 0, on: "front"), mesh.endpoint("web", 1, on: "front"))
        let addresses = (
            mesh.address(of: ends.0, isIPv6: isIPv6), mesh.address(of: ends.1, isIPv6: isIPv6)
        )
        let ping = Draft.echo(from: addresses.0, to: addresses.1)
        #expect(mesh.send(ping.frame, from: ends.0).last?.verdict == .delivered(ends.1))
        var pong = Draft(.raw(ping.proto), from: addresses.1, to: addresses.0)
        pong.payload = pong.message(type: isIPv6 ? 129 : 0, parameter: 0x1234_0001, [1, 2])
        #expect(mesh.send(pong.frame, from: ends.1).last?.verdict == .delivered(ends.0))
    }
}
