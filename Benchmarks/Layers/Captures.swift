// Capture files: a thousand packets of 64 bytes written, and read again from memory.
// Writing goes to /dev/null, so what is measured is the writer and not a disk.

import Benchmark
import Capture
import Wire

private let packetCount = 1_000

func captures() {
    let packet = [UInt8](repeating: 0x5a, count: 64)
    let one = Benchmark.Configuration(
        metrics: [.wallClock, .throughput], warmupIterations: 3, scalingFactor: .one,
        maxDuration: .seconds(1), maxIterations: 10_000)
    Benchmark("pcap: write \(packetCount) packets", configuration: one) { _ in
        var writer = try PcapWriter(path: "/dev/null", linkType: .ethernet)
        for index in 0..<packetCount {
            try writer.write(
                timestampNanoseconds: UInt64(index), originalByteCount: 64,
                bytes: packet.span.raw)
        }
        try writer.close()
    }
    let file = pcap(of: packet)
    Benchmark("pcap: read \(packetCount) packets", configuration: one) { benchmark in
        var reader = try CaptureReader(bytes: file, name: "memory")
        var record = PacketRecord()
        var count = 0
        benchmark.startMeasurement()
        while try reader.next(&record) { count += reader.bytes(of: record).byteCount }
        benchmark.stopMeasurement()
        blackHole(count)
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
