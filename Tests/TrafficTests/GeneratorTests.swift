// A specification determines its frames, and its frames are what it says. Frames are read back with
// Wire and counted here; the shares are held against the binomial distribution, five sigma wide.

import Testing
import Traffic
import Wire

@Suite struct GeneratorTests {
    @Test func theSameSeedGivesTheSameFrames() throws {
        var specification = TrafficSpecification.mixed(seed: 7)
        specification.malformed = Share(percent: 5)
        specification.jitter = Share(percent: 50)
        #expect(try specification.frames() == specification.frames())
    }

    @Test func anotherSeedGivesOtherFrames() throws {
        let one = try TrafficSpecification.fixture(seed: 1, packets: 50, flows: 5).frames()
        let two = try TrafficSpecification.fixture(seed: 2, packets: 50, flows: 5).frames()
        #expect(zip(one, two).allSatisfy { $0.bytes != $1.bytes })
    }

    @Test(arguments: [false, true])
    func everyFrameIsRightUnlessDamagesAreAskedFor(isBothDirections: Bool) throws {
        var specification = TrafficSpecification.mixed(packets: 10_000)
        specification.isBothDirections = isBothDirections
        let frames = try specification.frames()
        #expect(frames.count == 10_000)
        for made in frames {
            let reading = read(made.bytes)
            #expect(reading.fault == nil)
            #expect(reading.packetByteCount <= specification.packetByteCountMax)
            #expect(reading.isFragment == (made.frame.kind == .fragment))
            #expect(!made.frame.isMalformed)
        }
    }

    @Test func everyDamagedFrameIsWrongAndNoOther() throws {
        var specification = TrafficSpecification.mixed(packets: 20_000)
        specification.malformed = Share(percent: 30)
        for made in try specification.frames() {
            #expect((read(made.bytes).fault != nil) == made.frame.isMalformed)
        }
    }

    @Test func sharesAreKept() throws {
        var specification = TrafficSpecification.fixture(packets: 40_000, flows: 4000)
        specification.skew = .flat
        specification.icmpErrors = Share(percent: 4)
        specification.malformed = Share(percent: 10)
        let frames = try specification.frames()
        expect(frames.count(where: \.frame.isMalformed), of: 40_000, inMillion: 100_000)
        // Of ten packets of a flow, those after the first answer can be errors: seven in TCP's case.
        let errors = frames.count { $0.frame.kind == .icmpError }
        #expect((900...1600).contains(errors))
    }

    @Test func flowsSpeakWhatTheirSharesSay() throws {
        let flows = 8000
        let specification = TrafficSpecification.fixture(packets: flows, flows: flows)
        let readings = try specification.frames().map { read($0.bytes) }
        expect(readings.count { $0.proto == .tcp }, of: flows, inMillion: 700_000)
        expect(readings.count { $0.proto == .udp }, of: flows, inMillion: 250_000)
        expect(readings.count { $0.proto == .sctp }, of: flows, inMillion: 50_000)
        expect(readings.count { $0.isIPv6 }, of: flows, inMillion: 100_000)
        // Of two targets for UDP over IPv4, the second weighs twice as much.
        let datagrams = readings.filter { $0.proto == .udp && !$0.isIPv6 }
        let second = datagrams.count { $0.destination == .v4(IPv4Address(192, 0, 2, 12)) }
        expect(second, of: datagrams.count, inMillion: 666_667)
    }

    @Test func aThirdOfTheDatagramsGoesInFragments() throws {
        var specification = TrafficSpecification.fixture(packets: 20_000, flows: 20)
        specification.udp = .whole
        (specification.tcp, specification.sctp) = (.none, .none)
        specification.fragments = Share(percent: 33)
        let frames = try specification.frames()
        let pieces = frames.filter { $0.frame.kind == .fragment }.map { read($0.bytes) }
        let whole = frames.count { $0.frame.kind == .packet }
        let cut = pieces.count { $0.isFirst }
        expect(cut, of: whole + cut, inMillion: 330_000)
        #expect(pieces.count >= 2 * cut && pieces.count <= 3 * cut)
    }

    @Test func framesAreSpacedByTheRateAndKeepTheirOrderUnderJitter() throws {
        var specification = TrafficSpecification.fixture(packets: 3000, flows: 10)
        specification.packetsPerSecond = 3
        let even = try specification.frames().map(\.frame.timestampNanoseconds)
        let start = TrafficSpecification.epochNanoseconds
        #expect(even.prefix(4).map { $0 - start } == [0, 333_333_333, 666_666_666, 1_000_000_000])
        #expect(even.last == start + 999_666_666_666)
        specification.jitter = .whole
        let late = try specification.frames().map(\.frame.timestampNanoseconds)
        #expect(zip(even, late).allSatisfy { $1 >= $0 && $1 - $0 < 333_333_334 })
        #expect(zip(late, late.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(late != even)
    }

    @Test func aVLANTagsEveryFrame() throws {
        var specification = TrafficSpecification.mixed()
        specification.vlan = 100
        for made in try specification.frames() {
            let link = try #require(made.bytes.count > 18 ? made.bytes : nil)
            #expect(Array(link[12..<16]) == [0x81, 0x00, 0x00, 100])
            #expect(read(made.bytes).fault == nil)
        }
    }

    @Test func sizesAreThoseOfTheMix() throws {
        var specification = TrafficSpecification.fixture(packets: 24_000, flows: 12)
        specification.udp = .whole
        (specification.tcp, specification.sctp, specification.ipv6) = (.none, .none, .none)
        let sizes = try specification.frames().map(\.frame.byteCount)
        expect(sizes.count { $0 == 64 }, of: 24_000, inMillion: 7_000_000 / 12)
        expect(sizes.count { $0 == 570 }, of: 24_000, inMillion: 4_000_000 / 12)
        // 1500 is more than the largest packet of 1400 and an Ethernet header.
        expect(sizes.count { $0 == 1414 }, of: 24_000, inMillion: 1_000_000 / 12)
    }
}

/// Expects `count` of `total` to be `inMillion` parts, within five standard deviations.
func expect(
    _ count: Int, of total: Int, inMillion parts: Int,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let share = Double(parts) / 1_000_000
    let mean = Double(total) * share
    let deviation = (mean * (1 - share)).squareRoot()
    let range = mean - 5 * deviation...mean + 5 * deviation
    #expect(range.contains(Double(count)), sourceLocation: sourceLocation)
}
