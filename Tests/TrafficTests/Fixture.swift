// What the tests of Traffic share: a small mesh to aim at, all frames of a specification at once, and
// a capture file made by hand for programs that read one.

import Foundation
import Traffic
import Wire

/// A frame and its bytes.
struct Made: Equatable {
    var frame: TrafficFrame
    var bytes: [UInt8]
}

extension TrafficSpecification {
    /// Two nodes in both families, each with a port of every transport.
    static func fixture(seed: UInt64 = 1, packets: Int = 4000, flows: Int = 400) -> Self {
        var specification = TrafficSpecification()
        specification.seed = seed
        specification.packetCount = packets
        specification.flowCount = flows
        specification.targets = [
            "tcp/192.0.2.11:80", "tcp/192.0.2.12:53", "udp/192.0.2.11:53", "udp/192.0.2.12:4000=2",
            "sctp/192.0.2.11:3868", "tcp/[2001:db8:0:1::11]:443", "udp/[2001:db8:0:1::12]:53",
            "sctp/[2001:db8:0:1::12]:3868",
        ].compactMap { TrafficTarget($0) }
        return specification
    }

    /// The same with some of everything but damage.
    static func mixed(seed: UInt64 = 1, packets: Int = 4000, flows: Int = 400) -> Self {
        var specification = fixture(seed: seed, packets: packets, flows: flows)
        specification.ipv6 = Share(percent: 40)
        specification.tcp = Share(percent: 40)
        specification.udp = Share(percent: 40)
        specification.sctp = Share(percent: 20)
        specification.fragments = Share(percent: 10)
        specification.icmpErrors = Share(percent: 5)
        specification.reopens = Share(percent: 30)
        specification.resets = Share(percent: 20)
        specification.isBothDirections = true
        return specification
    }

    func frames() throws -> [Made] {
        var generator = try TrafficGenerator(self)
        var buffer: [UInt8] = []
        var all: [Made] = []
        while let frame = generator.next(into: &buffer) {
            all.append(Made(frame: frame, bytes: Array(buffer[..<frame.byteCount])))
        }
        return all
    }
}

/// A classic pcap file of Ethernet frames with nanoseconds (draft-ietf-opsawg-pcap).
func pcapFile(of frames: [Made]) -> [UInt8] {
    var file: [UInt8] = []
    func put(_ words: UInt32...) {
        for word in words { file += (0..<4).map { UInt8(word >> ($0 * 8) & 0xff) } }
    }
    put(0xa1b2_3c4d, 4 << 16 | 2, 0, 0, 262_144, 1)
    for made in frames {
        let (seconds, rest) = made.frame.timestampNanoseconds.quotientAndRemainder(
            dividingBy: 1_000_000_000)
        let count = UInt32(made.bytes.count)
        put(UInt32(seconds), UInt32(rest), count, count)
        file += made.bytes
    }
    return file
}
