// Headers and checksums: reading what a packet says, and keeping its sums right.
// A small packet is 64 bytes, a large one 1,514; both are TCP over IPv4, or over IPv6.

import Benchmark
import Wire

/// A TCP packet in an Ethernet frame of that length.
private func frame(byteCount: Int, isIPv6: Bool) -> [UInt8] {
    var frame = [UInt8](repeating: 0x5a, count: byteCount)
    var bytes = frame.rawBytes(at: 0, count: byteCount)
    EthernetFields(
        destination: MACAddress(rawValue: 2), source: MACAddress(rawValue: 4),
        etherType: isIPv6 ? .ipv6 : .ipv4
    ).write(to: &bytes)
    var network = bytes.tail(from: EthernetFields.byteCount)
    let payload = byteCount - EthernetFields.byteCount
    if isIPv6 {
        IPv6Fields(
            source: IPv6Address(high: 1, low: 2), destination: IPv6Address(high: 3, low: 4),
            nextHeader: .tcp, payloadByteCount: payload - IPv6Fields.byteCount
        ).write(to: &network)
    } else {
        IPv4Fields(
            source: IPv4Address(203, 0, 113, 7), destination: IPv4Address(192, 0, 2, 11),
            proto: .tcp, payloadByteCount: payload - IPv4Fields.byteCount
        ).write(to: &network)
    }
    return frame
}

func headers() {
    let small4 = frame(byteCount: 64, isIPv6: false)
    let small6 = frame(byteCount: 84, isIPv6: true)
    let large = frame(byteCount: 1_514, isIPv6: false)
    thousand("parse: Ethernet, IPv4, ports") { benchmark in
        for _ in benchmark.scaledIterations {
            guard let link = LinkHeader(small4.span.raw), let header = IPv4Header(link.payload),
                let ports = TransportPorts(header.payload)
            else { return benchmark.error("no packet") }
            blackHole(header.source.rawValue &+ UInt32(ports.source.rawValue))
        }
    }
    thousand("parse: Ethernet, IPv6, ports") { benchmark in
        for _ in benchmark.scaledIterations {
            guard let link = LinkHeader(small6.span.raw), let header = IPv6Header(link.payload),
                case .upperLayer(let layer) = header.walk,
                let ports = TransportPorts(header.packet.from(layer.offset))
            else { return benchmark.error("no packet") }
            blackHole(header.source.low &+ UInt64(ports.source.rawValue))
        }
    }
    thousand("checksum: 20 bytes") { benchmark in
        for _ in benchmark.scaledIterations {
            blackHole(Checksum.of(small4.span.raw.extracting(14..<34)))
        }
    }
    thousand("checksum: 1500 bytes") { benchmark in
        for _ in benchmark.scaledIterations {
            blackHole(Checksum.of(large.span.raw.extracting(14..<1_514)))
        }
    }
    thousand("checksum: difference of an address and a port") { benchmark in
        for iteration in benchmark.scaledIterations {
            var delta = ChecksumDelta()
            delta.replace(0xc000_020b as UInt32, with: UInt32(truncatingIfNeeded: iteration))
            delta.replace(8080 as UInt16, with: 80)
            blackHole(delta.applied(to: 0x1234))
        }
    }
    thousand("checksum: CRC32c of 1500 bytes") { benchmark in
        for _ in benchmark.scaledIterations {
            blackHole(CRC32c.of(large.span.raw.extracting(14..<1_514)))
        }
    }
}
