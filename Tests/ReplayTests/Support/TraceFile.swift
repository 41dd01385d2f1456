// Traces made on the spot, and the frames of bundled ones.
// A frame is bytes with a time and the length it had on the wire, nothing more.

import Capture
import Foundation
import Testing
import Traffic
import Wire

struct RawFrame {
    var nanoseconds: UInt64
    var bytes: [UInt8]
    var wireByteCount: Int

    init(_ bytes: [UInt8], at nanoseconds: UInt64, wireByteCount: Int? = nil) {
        self.nanoseconds = nanoseconds
        self.bytes = bytes
        self.wireByteCount = wireByteCount ?? bytes.count
    }
}

enum TraceFile {
    static func write(
        _ frames: [RawFrame], to path: String, linkType: LinkType = .ethernet
    ) throws {
        var writer = try PcapWriter(path: path, linkType: linkType)
        for frame in frames {
            try writer.write(
                timestampNanoseconds: frame.nanoseconds, originalByteCount: frame.wireByteCount,
                bytes: frame.bytes.span.raw)
        }
        try writer.close()
    }

    /// The frames of a specification, with what the generator says of each.
    static func generate(
        _ specification: TrafficSpecification
    ) throws -> [(frame: RawFrame, made: TrafficFrame)] {
        var generator = try TrafficGenerator(specification)
        var frames: [(frame: RawFrame, made: TrafficFrame)] = []
        var buffer: [UInt8] = []
        while let made = generator.next(into: &buffer) {
            let bytes = Array(buffer[..<made.byteCount])
            frames.append((RawFrame(bytes, at: made.timestampNanoseconds), made))
        }
        return frames
    }

    /// All packets of a file.
    static func read(_ path: String) throws -> [(frame: RawFrame, record: PacketRecord)] {
        var reader = try CaptureReader(path: path)
        var record = PacketRecord()
        var frames: [(frame: RawFrame, record: PacketRecord)] = []
        while try reader.next(&record) {
            let span = reader.bytes(of: record)
            let bytes = (0..<span.byteCount).map { span.u8($0) }
            let frame = RawFrame(
                bytes, at: record.timestampNanoseconds, wireByteCount: record.originalByteCount)
            frames.append((frame, record))
        }
        return frames
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
