// From the generator to a file: the one loop of `weft generate`, and the formats it can write.
//
// Invariant: every frame made is written, and the summary counts what was written.

import Capture
import Traffic
import Wire

/// A capture file of one interface.
protocol TraceFile: ~Copyable {
    mutating func write(
        timestampNanoseconds: UInt64, originalByteCount: Int, bytes: RawSpan
    ) throws(CaptureError)
    consuming func close() throws(CaptureError)
}

extension PcapWriter: TraceFile {}

/// A pcapng file whose one interface is named.
struct PcapNGTrace: ~Copyable, TraceFile {
    private var writer: PcapNGWriter
    private let interface: PcapNGWriter.InterfaceID

    init(path: String) throws(CaptureError) {
        var writer = try PcapNGWriter(path: path, origin: .init(application: "weft generate"))
        let clients = CaptureInterface(linkType: .ethernet, name: "clients")
        interface = try writer.addInterface(clients)
        self.writer = writer
    }

    mutating func write(
        timestampNanoseconds: UInt64, originalByteCount: Int, bytes: RawSpan
    ) throws(CaptureError) {
        try writer.write(
            interface: interface, timestampNanoseconds: timestampNanoseconds,
            originalByteCount: originalByteCount, bytes: bytes)
    }

    consuming func close() throws(CaptureError) { try writer.close() }
}

/// What was written.
struct GeneratedSummary: CustomStringConvertible {
    var packetCount = 0
    var byteCount = 0
    var fragmentCount = 0
    var errorCount = 0
    var malformedCount = 0
    var flowCount = 0

    mutating func count(_ frame: TrafficFrame) {
        packetCount += 1
        byteCount += frame.byteCount
        fragmentCount += frame.kind == .fragment ? 1 : 0
        errorCount += frame.kind == .icmpError ? 1 : 0
        malformedCount += frame.isMalformed ? 1 : 0
    }

    var description: String {
        "\(packetCount) packets of \(flowCount) flows, \(byteCount) bytes, "
            + "\(fragmentCount) fragments, \(errorCount) ICMP errors, \(malformedCount) malformed"
    }
}

extension TrafficGenerator {
    /// Writes all frames that are left, and closes the file.
    consuming func write(
        to file: consuming some TraceFile & ~Copyable
    ) throws(CaptureError) -> GeneratedSummary {
        var summary = GeneratedSummary()
        summary.flowCount = flowCount
        var buffer: [UInt8] = []
        while let frame = next(into: &buffer) {
            summary.count(frame)
            try file.write(
                timestampNanoseconds: frame.timestampNanoseconds,
                originalByteCount: frame.byteCount,
                bytes: buffer.span.raw.extracting(0..<frame.byteCount))
        }
        try file.close()
        return summary
    }
}
