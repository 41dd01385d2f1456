// Capture files: a thousand packets of 64 bytes written, and read again from memory.
// Writing goes to /dev/null, so what is measured is the writer and not a disk.

import Benchmark
import Capture
import Wire

private let packetCount = 1_000

func captures() {
    let packet = [UInt8](repeating: 0x5a, count: 64)
    Benchmark("pcap: write \(packetCount) packets", configuration: single()) { _ in
        var writer = try PcapWriter(path: "/dev/null", linkType: .ethernet)
        for index in 0..<packetCount {
            try writer.write(
                timestampNanoseconds: UInt64(index), originalByteCount: 64,
                bytes: packet.span.raw)
        }
        try writer.close()
    }
    let file = pcap(of: packet)
    Benchmark("pcap: read \(packetCount) packets", configuration: single()) { benchmark in
        var reader = try CaptureReader(bytes: file, name: "memory")
        var records = [PacketRecord](repeating: PacketRecord(), count: 256)
        var sum = 0
        benchmark.startMeasurement()
        while case let count = try reader.next(&records), count > 0 {
            for index in 0..<count { sum += reader.bytes(of: records[index]).byteCount }
        }
        benchmark.stopMeasurement()
        blackHole(sum)
    }
}

/// A pcap file of copies of a packet: the header, then records (little-endian).
private func pcap(of packet: [UInt8]) -> [UInt8] {
    func little(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    var file = little(0xa1b2_c3d4)
    file += [2, 0, 4, 0]
    for field: UInt32 in [0, 0, 65_535, 1] { file += little(field) }
    let size = little(UInt32(packet.count))
    for index in 0..<packetCount {
        file += little(UInt32(index)) + little(0)
        file += size + size + packet
    }
    return file
}
