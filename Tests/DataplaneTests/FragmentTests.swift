// Goal: every fragment of a datagram takes the way of its first one, whatever the order they come
// in, and memory stays bounded. Method: datagrams cut by the builder; at the task the fragments are
// put together again and must make the datagram that it would have got whole.

import Dataplane
import Testing
import Wire

@Suite struct FragmentTests {
    private static let payload = [UInt8](0..<200)

    private func request(_ mesh: TestMesh, isIPv6: Bool, _ owner: Int = 2) -> Draft {
        mesh.aimed(Sender.web(.udp, isIPv6: isIPv6), atOwner: owner)
            .with(\.payload, Self.payload)
    }

    /// The transport bytes that frames hold, in the order of their offsets.
    private func assembled(_ frames: [[UInt8]]) throws -> [UInt8] {
        let parts = try frames.map { frame -> (Int, ArraySlice<UInt8>) in
            let sight = try sight(frame)
            let end = sight.networkOffset + sight.packetByteCount
            let data = frame[sight.transportOffset..<end]
            let word =
                sight.target.isIPv6
                ? Int(frame.span.raw.u16(sight.transportOffset - 6)) & 0xfff8
                : Int(frame.span.raw.u16(sight.networkOffset + 6) & 0x1fff) * 8
            return (word, data)
        }
        return parts.sorted { $0.0 < $1.0 }.flatMap { Array($0.1) }
    }

    @Test(arguments: [false, true], [0, 2])
    func `fragments in order arrive together`(isIPv6: Bool, owner: Int) throws {
        let mesh = try TestMesh.standard()
        let request = request(mesh, isIPv6: isIPv6, owner)
        let endpoint = request.choice(in: mesh).endpoint
        var arrived: [[UInt8]] = []
        for fragment in request.fragments(of: 64) {
            let last = try #require(mesh.send(fragment, at: 0).last)
            #expect(last.verdict == .delivered(endpoint))
            arrived.append(last.bytes)
        }
        let whole = request.to(mesh.address(of: endpoint, isIPv6: isIPv6), 53)
        #expect(arrived.count == 4)
        #expect(try assembled(arrived) == whole.segment)
        #expect(try arrived.allSatisfy { try sight($0).ttl == 63 && sight($0).areChecksumsValid })
    }

    @Test(arguments: [false, true], [0, 2])
    func `later fragments wait for the first`(isIPv6: Bool, owner: Int) throws {
        let mesh = try TestMesh.standard()
        let request = request(mesh, isIPv6: isIPv6, owner)
        let endpoint = request.choice(in: mesh).endpoint
        let fragments = request.fragments(of: 64)
        for fragment in fragments.dropFirst().reversed() {
            #expect(mesh.send(fragment, at: 0).map(\.verdict) == [.held])
        }
        #expect(mesh.nodes[0].ledger.held == 3)
        mesh.now += .seconds(29)
        let steps = mesh.send(fragments[0], at: 0)
        let arrived = steps.filter { $0.verdict == .delivered(endpoint) }.map(\.bytes)
        let whole = request.to(mesh.address(of: endpoint, isIPv6: isIPv6), 53)
        #expect(try assembled(arrived) == whole.segment)
        #expect(mesh.nodes[0].ledger.held == 0)
        #expect(steps.filter { $0.outcome.frame.isReleased }.count == 3)
    }

    @Test(arguments: [false, true], [0, 2])
    func `fragments of a reply leave from the address the client knows`(
        isIPv6: Bool, owner: Int
    ) throws {
        let mesh = try TestMesh.standard()
        let request = request(mesh, isIPv6: isIPv6, owner)
        let endpoint = request.choice(in: mesh).endpoint
        mesh.send(request.frame, at: 0)
        let reply = request.reversed.from(mesh.address(of: endpoint, isIPv6: isIPv6), 53)
        let fragments = reply.fragments(of: 64)
        var left: [Step] = []
        // The second comes first and waits at the owner.
        for index in [1, 0, 2, 3] { left += mesh.send(fragments[index], from: endpoint) }
        left = left.filter { $0.verdict == .transmitted(.clients) }
        #expect(left.count == 4 && left.allSatisfy { $0.node == 0 })
        #expect(try assembled(left.map(\.bytes)) == request.reversed.segment)
        #expect(try left.allSatisfy { try sight($0.bytes).source == request.target })
    }

    @Test(arguments: [false, true])
    func `fragments between tasks follow too`(isIPv6: Bool) throws {
        let mesh = try TestMesh.standard()
        let ends = (mesh.endpoint("probe", 0, on: "front"), mesh.endpoint("web", 1, on: "front"))
        let source = mesh.address(of: ends.0, isIPv6: isIPv6)
        let direct = Draft(
            .udp, from: source, 9, to: mesh.address(of: ends.1, isIPv6: isIPv6), 7
        ).with(\.payload, Self.payload)
        let arrived = direct.fragments(of: 64).flatMap { mesh.send($0, from: ends.0) }
            .filter { $0.verdict == .delivered(ends.1) }
        #expect(try assembled(arrived.map(\.bytes)) == direct.segment)
        var echo = Draft.echo(
            from: source, to: mesh.virtualAddress("web", on: "front", isIPv6: isIPv6))
        echo.payload = echo.message(type: isIPv6 ? 128 : 8, Self.payload)
        let back = echo.fragments(of: 64, identification: 5)
            .flatMap { mesh.send($0, from: ends.0) }
        #expect(back.allSatisfy { $0.verdict == .delivered(ends.0) })
        let reply = echo.reversed.message(type: isIPv6 ? 129 : 0, Self.payload)
        #expect(try assembled(back.map(\.bytes)) == reply)
    }

    @Test func `destination options after the fragment header do not part a datagram`() throws {
        let mesh = try TestMesh.standard()
        let request = request(mesh, isIPv6: true)
        let body: [UInt8] = [17, 0, 1, 4, 0, 0, 0, 0] + request.segment
        let first = request.fragment(
            Array(body.prefix(64)), at: 0, more: true, next: .destinationOptions)
        let second = request.fragment(
            Array(body.dropFirst(64)), at: 64, more: false, next: .destinationOptions)
        let endpoint = request.choice(in: mesh).endpoint
        for fragment in [first, second] {
            #expect(mesh.send(fragment, at: 0).last?.verdict == .delivered(endpoint))
        }
    }

    @Test func `datagrams with one identification stay apart`() throws {
        let mesh = try TestMesh.standard()
        let one = request(mesh, isIPv6: false, 1)
        var other = one.with(\.source, "203.0.113.8")
        other = mesh.aimed(other, atOwner: 2)
        let fragments = (one.fragments(of: 64), other.fragments(of: 64))
        for (a, b) in zip(fragments.0, fragments.1) {
            #expect(mesh.send(a, at: 0).last?.node == 1)
            #expect(mesh.send(b, at: 0).last?.node == 2)
        }
        // The way is forgotten with the datagram's time.
        mesh.now += .seconds(32)
        #expect(mesh.send(fragments.0[1], at: 0).map(\.verdict) == [.held])
    }

    @Test func `what may be cut is cut to the overlay and arrives whole`() throws {
        let mesh = try TestMesh.standard()
        let large = [UInt8](numbered: 4_000)
        let request = request(mesh, isIPv6: false).with(\.payload, large)
            .with(\.dontFragment, false).with(\.identification, 99)
        let steps = mesh.send(request.frame, at: 0)
        let endpoint = request.choice(in: mesh).endpoint
        let arrived = steps.filter { $0.verdict == .delivered(endpoint) }.map(\.bytes)
        #expect(arrived.count == 3)
        let whole = request.to(mesh.address(of: endpoint), 53)
        #expect(try assembled(arrived) == whole.segment)
        #expect(try arrived.allSatisfy { try sight($0).packetByteCount <= 1_450 })
    }
}

extension [UInt8] {
    /// `count` bytes that tell places apart.
    fileprivate init(numbered count: Int) {
        self = (0..<count).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
    }
}

extension IPAddress {
    var isIPv6: Bool { if case .v6 = self { true } else { false } }
}
