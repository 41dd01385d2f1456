// Specifications as text, and what is refused.
// Method: round trips for what is accepted, a table of texts for what is not.

import Testing
import Traffic

@Suite struct TextTests {
    @Test(
        arguments: [
            ("10%", 100_000), ("0.5%", 5000), ("0.0001%", 1), ("100%", 1_000_000), ("0%", 0),
            ("1/20", 50_000), ("1/1", 1_000_000), ("0/5", 0),
        ] as [(String, UInt32)])
    func sharesAreRead(text: String, parts: UInt32) throws {
        let share = try #require(Share(text))
        #expect(share.partsPerMillion == parts)
        #expect(Share(share.description) == share)
    }

    @Test(arguments: [
        "", "%", "5", "0.5", "100.0001%", "101%", "-1%", "1e1%", "0.00001%", "1/0", "2/1", "1/2/3",
        ".5%", "5.%", " 5%", "5 %", "99999999999999999999%", "+1%", "1/٣",
    ])
    func whatIsNoShareIsRefused(text: String) {
        #expect(Share(text) == nil)
    }

    @Test(arguments: ["0", "1.1", "4", "0.999", "4.000"])
    func skewsAreRead(text: String) throws {
        let skew = try #require(ZipfSkew(text))
        #expect(Double(skew.thousandths) / 1000 == Double(text))
        #expect(ZipfSkew(skew.description) == skew)
    }

    @Test(arguments: ["", "4.001", "-1", "1.1234", "one", "1,1"])
    func whatIsNoSkewIsRefused(text: String) {
        #expect(ZipfSkew(text) == nil)
    }

    @Test(arguments: [
        ("imix", [64, 570, 1500], [7, 4, 1]), ("small", [64], [1]), ("large", [1514], [1]),
        ("100:3,200", [100, 200], [3, 1]),
    ])
    func mixesAreRead(text: String, byteCounts: [Int], weights: [Int]) throws {
        let mix = try #require(SizeMix(text))
        #expect(mix.sizes.map(\.byteCount) == byteCounts)
        #expect(mix.sizes.map(\.weight) == weights)
        #expect(SizeMix(mix.description) == mix)
    }

    @Test(arguments: ["", "big", "0:1", "64:0", "64:", ":1", "64:1,", "64:1:1", "99999:1", "-1"])
    func whatIsNoMixIsRefused(text: String) {
        #expect(SizeMix(text) == nil)
    }

    @Test(arguments: [
        "tcp/192.0.2.11:8080", "udp/[2001:db8::1]:53", "sctp/192.0.2.1:3868=3",
    ])
    func targetsAreReadAndPrinted(text: String) {
        #expect(TrafficTarget(text)?.description == text)
    }

    @Test(arguments: [
        "", "tcp", "tcp/192.0.2.11", "tcp/192.0.2.11:", "tcp/2001:db8::1:53", "icmp/192.0.2.1:1",
        "tcp/192.0.2.11:65536", "tcp/192.0.2.11:80=0", "tcp/192.0.2.11:80=1=2", "tcp/[]:80",
        "TCP/192.0.2.1:80", "tcp/[192.0.2.1]:80", ":/", "=",
    ])
    func whatIsNoTargetIsRefused(text: String) {
        #expect(TrafficTarget(text) == nil)
    }
}

@Suite struct RefusalTests {
    private func refusal(_ change: (inout TrafficSpecification) -> Void) -> TrafficError? {
        var specification = TrafficSpecification.fixture()
        change(&specification)
        do throws(TrafficError) {
            _ = try TrafficGenerator(specification)
            return nil
        } catch {
            return error
        }
    }

    @Test func countsOutOfRangeAreRefused() {
        #expect(refusal { $0.flowCount = 0 } != nil)
        #expect(refusal { $0.flowCount = .max } != nil)
        #expect(refusal { $0.packetCount = -1 } != nil)
        #expect(refusal { $0.packetsPerSecond = 0 } != nil)
        #expect(refusal { $0.packetByteCountMax = 1279 } != nil)
        #expect(refusal { $0.vlan = 4095 } != nil)
        #expect(refusal { $0.startNanoseconds = .max } == .startTooLate)
        #expect(
            refusal { $0.packetCount = 399 } == .tooFewPackets(packetCount: 399, flowCount: 400))
    }

    @Test func flowsWithNowhereToGoAreRefused() {
        #expect(refusal { $0.targets = [] } == .noTarget(.tcp, isIPv6: true))
        #expect(
            refusal {
                $0.ipv6 = .none
                $0.targets.removeAll { $0.transport == .udp && !$0.isIPv6 }
            } == .noTarget(.udp, isIPv6: false))
        #expect(
            refusal {
                $0.tcp = .none
                $0.udp = .none
                $0.sctp = .none
            } == .noProtocol)
    }

    @Test func poolsThatAreTooSmallAreRefused() {
        #expect(refusal { $0.clientsIPv4Length = 33 } == .clientsPrefix(length: 33))
        #expect(refusal { $0.clientsIPv4Length = 32 } == nil)
        let tooMany = refusal {
            $0.clientsIPv4Length = 32
            $0.flowCount = 16_385
            $0.packetCount = 16_385
        }
        #expect(
            tooMany
                == .tooFewClients(
                    prefix: "198.18.0.0/32", endpointCount: 16_384, flowCount: 16_385))
    }
}
