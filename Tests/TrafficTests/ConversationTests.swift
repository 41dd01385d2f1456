// Flows behave as their protocols do: each direction of a connection is followed packet by packet, as
// a receiver would, and errors are held against the flows they quote.

import Testing
import Traffic
import Wire

@Suite struct ConversationTests {
    @Test func everyFlowAppearsWithEndsOfItsOwn() throws {
        let frames = try TrafficSpecification.fixture().frames()
        let ends = Set(frames.compactMap { read($0.bytes).ends })
        #expect(ends.count == 400)
        #expect(Set(frames.map(\.frame.flow)).count == 400)
    }

    @Test func aFlowThatReopensHasOtherEnds() throws {
        var specification = TrafficSpecification.fixture(flows: 40)
        specification.reopens = Share(percent: 50)
        let frames = try specification.frames()
        #expect(Set(frames.compactMap { read($0.bytes).ends }).count > 50)
        #expect(Set(frames.map(\.frame.flow)).count == 40)
    }

    @Test func clientsComeFromTheirPoolsAndOnlyTheyAreSeen() throws {
        let specification = TrafficSpecification.fixture()
        let ipv4 = try #require(IPPrefix("198.18.0.0/15"))
        let ipv6 = try #require(IPPrefix("2001:db8:c::/48"))
        for made in try specification.frames() {
            let reading = read(made.bytes)
            #expect((reading.isIPv6 ? ipv6 : ipv4).contains(reading.source))
            #expect(specification.targets.contains { $0.address == reading.destination })
        }
    }

    @Test func aSmallPoolIsUsedUpWithoutARepetition() throws {
        var specification = TrafficSpecification.fixture(packets: 32_768, flows: 32_768)
        specification.ipv6 = .none
        specification.clientsIPv4Length = 30
        let ends = try specification.frames().compactMap { read($0.bytes).ends }
        let clients = Set(
            ends.map { [UInt64($0.sourcePort), $0.source == ends[0].source ? 1 : 0] })
        #expect(clients.count == 32_768)
        #expect(Set(ends.map(\.source)).count == 2)
    }

    @Test func sequenceNumbersOfBothDirectionsAddUp() throws {
        var specification = TrafficSpecification.mixed(packets: 8000, flows: 100)
        specification.tcp = .whole
        (specification.udp, specification.sctp) = (.none, .none)
        var expected: [Ends: UInt32] = [:]
        var isOver: Set<Ends> = []
        for made in try specification.frames() where made.frame.kind == .packet {
            let reading = read(made.bytes)
            let ends = try #require(reading.ends)
            let segment = try #require(Segment(reading.transport))
            #expect(!isOver.contains(ends))
            if let next = expected[ends] {
                #expect(segment.sequence == next)
            } else {
                #expect(segment.flags.contains(.syn))
            }
            if segment.flags.contains(.ack), !segment.flags.contains(.rst) {
                #expect(segment.acknowledgment == expected[ends.reversed])
            }
            expected[ends] = segment.sequence &+ segment.taken
            if segment.flags.contains(.rst) { isOver.formUnion([ends, ends.reversed]) }
        }
        #expect(isOver.count > 4)
    }

    @Test func connectionsOpenAndCloseInOrder() throws {
        var specification = TrafficSpecification.fixture(packets: 2000, flows: 100)
        specification.skew = .flat
        specification.resets = .none
        var steps: [Ends: [String]] = [:]
        for made in try specification.frames() {
            let reading = read(made.bytes)
            steps[try #require(reading.ends), default: []].append(name(of: reading))
        }
        let data = [String](repeating: "data", count: 16)
        for (ends, names) in steps {
            switch IPProtocol(rawValue: ends.proto) {
            case .tcp: #expect(names == ["SYN", "ACK"] + data + ["FIN", "ACK"])
            case .sctp: #expect(names == ["INIT", "COOKIE"] + data + ["SHUTDOWN", "COMPLETE"])
            default: #expect(names == [String](repeating: "data", count: 20))
            }
        }
    }

    @Test func errorsQuoteFlowsThatWereThereBefore() throws {
        var seen: Set<Ends> = []
        var errorCount = 0
        for made in try TrafficSpecification.mixed().frames() {
            let reading = read(made.bytes)
            if let ends = reading.ends { seen.insert(ends) }
            guard made.frame.kind == .icmpError else { continue }
            errorCount += 1
            let quote = readPacket(
                Array(reading.transport[8...]), type: reading.isIPv6 ? .ipv6 : .ipv4, isQuote: true)
            #expect(quote.fault == nil)
            #expect(quote.source == reading.destination)
            #expect(seen.contains(try #require(quote.ends).reversed))
        }
        #expect(errorCount > 50)
    }

    /// What a client's packet is for.
    private func name(of reading: Reading) -> String {
        if reading.proto == .sctp {
            let names: [UInt8: String] = [1: "INIT", 10: "COOKIE", 7: "SHUTDOWN", 14: "COMPLETE"]
            return names[reading.transport[12]] ?? "data"
        }
        guard let segment = Segment(reading.transport), reading.proto == .tcp else { return "data" }
        if segment.flags.contains(.syn) { return "SYN" }
        if segment.flags.contains(.fin) { return "FIN" }
        return segment.flags.contains(.psh) ? "data" : "ACK"
    }
}

/// A TCP segment's numbers.
private struct Segment {
    var sequence: UInt32
    var acknowledgment: UInt32
    var flags: TCPFlags
    /// Of the sequence space.
    var taken: UInt32

    init?(_ bytes: [UInt8]) {
        guard let header = TCPHeader(bytes.span.raw) else { return nil }
        sequence = header.sequence
        acknowledgment = header.acknowledgment
        flags = header.flags
        let isMark = flags.contains(.syn) || flags.contains(.fin)
        taken = UInt32(header.payload.byteCount) + (isMark ? 1 : 0)
    }
}
