// Goal: an ICMP error reaches the task, or the client, whose packet it quotes, and quotes it as that
// end had sent it (RFC 5508, section 4.2). Method: the expected error is built anew around the
// packet as its receiver knows it; a patched checksum, outer or quoted, must come out the same.

import Dataplane
import Testing
import Wire

@Suite struct ErrorTranslationTests {
    /// An open flow: the client's request, its task, and the packet the task sends back.
    private struct Flow {
        var mesh: TestMesh
        var request: Draft
        var endpoint: EndpointIndex
        /// The request as the task got it.
        var delivered: Draft
        var owner: Int
        /// Bytes of IP and TCP up to the middle of the checksum.
        var quotedByteCount: Int { request.addresses.isIPv6 ? 57 : 37 }

        init(_ kind: Kind, owner: Int) throws {
            mesh = try TestMesh.standard()
            self.owner = owner
            request = mesh.aimed(kind.request, atOwner: owner)
                .with(\.payload, [UInt8](0..<48))
            endpoint = request.choice(in: mesh).endpoint
            mesh.send(request.frame, at: 0)
            let address = mesh.address(of: endpoint, isIPv6: kind.isIPv6)
            delivered = request.to(address, kind.target).with(\.ttl, 63)
        }
    }

    /// All of a packet, or as little as a router must quote (RFC 792): eight bytes of transport.
    private func quotes(_ packet: [UInt8], isIPv6: Bool) -> [[UInt8]] {
        [packet, Array(packet.prefix(isIPv6 ? 48 : 28))]
    }

    @Test func `what pads the frame is no part of the quote`() throws {
        let flow = try Flow(try #require(Kind.all.first { $0.request.proto == .tcp }), owner: 0)
        // It ends between the two bytes of TCP's checksum.
        let quoted = flow.request.reversed.with(\.ttl, 63).packet.prefix(flow.quotedByteCount)
        let error = Draft.error(
            .destinationUnreachable, .destinationUnreachable, code: 4, quoting: Array(quoted),
            from: flow.request.source, to: flow.request.target
        ).frame
        let plain = try #require(flow.mesh.send(error, at: 0).last)
        let padded = try #require(flow.mesh.send(error + [0xff, 0xfe, 0xfd], at: 0).last)
        #expect(plain.verdict == .delivered(flow.endpoint))
        #expect(plain.bytes == Array(padded.bytes.prefix(error.count)))
        #expect(padded.bytes.suffix(3) == [0xff, 0xfe, 0xfd])
    }

    @Test(arguments: Kind.all, [0, 2])
    func `a client's error reaches the task about the packet it sent`(
        _ kind: Kind, owner: Int
    ) throws {
        let flow = try Flow(kind, owner: owner)
        let answer = flow.delivered.reversed
        let pairs = zip(
            quotes(flow.request.reversed.with(\.ttl, 63).packet, isIPv6: kind.isIPv6),
            quotes(answer.with(\.ttl, 63).packet, isIPv6: kind.isIPv6))
        for (seen, sent) in pairs {
            let (client, node) = (flow.request.source, flow.request.target)
            let error = Draft.error(
                .destinationUnreachable, .destinationUnreachable, code: 4,
                quoting: seen, from: client, to: node)
            let steps = flow.mesh.send(error.frame, at: 0)
            #expect(steps.last?.verdict == .delivered(flow.endpoint))
            let expected = Draft.error(
                .destinationUnreachable, .destinationUnreachable, code: 4,
                quoting: sent, from: client, to: flow.delivered.target
            ).with(\.ttl, 63)
            try compare(steps.last?.bytes, expected, kind, quoted: sent.count)
        }
    }

    @Test(arguments: Kind.all, [0, 2])
    func `a task's error reaches the client about the packet it sent`(
        _ kind: Kind, owner: Int
    ) throws {
        let flow = try Flow(kind, owner: owner)
        let pairs = zip(
            quotes(flow.delivered.packet, isIPv6: kind.isIPv6),
            quotes(flow.request.with(\.ttl, 63).packet, isIPv6: kind.isIPv6))
        for (seen, sent) in pairs {
            let (client, node) = (flow.request.source, flow.request.target)
            let error = Draft.error(
                .destinationUnreachable, .destinationUnreachable, code: 3, quoting: seen,
                from: flow.delivered.target, to: client)
            let steps = flow.mesh.send(error.frame, from: flow.endpoint)
            #expect(steps.last?.verdict == .transmitted(.clients) && steps.last?.node == 0)
            let expected = Draft.error(
                .destinationUnreachable, .destinationUnreachable, code: 3, quoting: sent,
                from: node, to: client
            ).with(\.ttl, 63)
            try compare(steps.last?.bytes, expected, kind, quoted: sent.count)
        }
    }

    /// SCTP's checksum cannot follow where the quote is cut, and TCP's is not in the first eight
    /// bytes; the ICMP checksum holds over what there is.
    private func compare(
        _ frame: [UInt8]?, _ expected: Draft, _ kind: Kind, quoted: Int
    ) throws {
        let frame = try #require(frame)
        #expect(try sight(frame).areChecksumsValid)
        let isCut = quoted < 60
        guard kind.transport == .udp || !isCut else {
            // Sequence number or verification tag follow the ports; compare as far as those.
            let end = 20 + 8 + (kind.isIPv6 ? 60 : 20) + 8
            #expect(frame.withoutLink.prefix(20).elementsEqual(expected.packet.prefix(20)))
            #expect(
                frame.withoutLink[28..<end].elementsEqual(expected.packet[28..<end]) || kind.isIPv6)
            return
        }
        #expect(frame.withoutLink == expected.packet)
    }

    @Test func `ports are not read from the padding after the packet`() throws {
        let flow = try Flow(Kind(transport: .udp, isIPv6: false), owner: 0)
        let quoted = flow.request.reversed.packet
        let error = Draft.error(
            .destinationUnreachable, .destinationUnreachable, code: 3,
            quoting: Array(quoted.prefix(20)), from: flow.request.source, to: flow.request.target)
        // The frame goes on with what would be the ports, but the packet ends before them.
        let padded = error.frame + quoted[20..<28]
        #expect(flow.mesh.send(padded, at: 0).map(\.verdict) == [.dropped(.unknownQuote)])
    }

    @Test func `an error of a task about nothing it was sent goes nowhere`() throws {
        let flow = try Flow(Kind(transport: .udp, isIPv6: false), owner: 0)
        let stranger = flow.delivered.from("203.0.113.99", 9).packet
        let error = Draft.error(
            .destinationUnreachable, .destinationUnreachable, code: 3, quoting: stranger,
            from: flow.delivered.target, to: "203.0.113.99")
        #expect(
            flow.mesh.send(error.frame, from: flow.endpoint).map(\.verdict) == [.dropped(.noFlow)])
    }
}
