// `weft pcap info --json`: schema weft.pcap-info/1. Times are nanoseconds since 1970-01-01 UTC and
// sizes are bytes; what does not exist is left out.

import Capture

struct CaptureReport: Encodable {
    let schema = "weft.pcap-info/1"
    let files: [CaptureEntry]
}

struct CaptureEntry: Encodable {
    struct Interface: Encodable {
        let name: String?
        let linkType: String
        let linkTypeNumber: UInt32
        let snapLength: Int
        let timestampResolution: String?
        let packets: Int
        let bytes: Int
        let capturedBytes: Int
    }

    struct Truncation: Encodable {
        let byteOffset: Int?
        let missingBytes: Int?
        let message: String
    }

    let path: String
    let format: String
    let fileBytes: Int?
    let packets: Int
    let bytes: Int
    let capturedBytes: Int
    let earliestNanoseconds: UInt64?
    let latestNanoseconds: UInt64?
    let durationNanoseconds: UInt64
    let bytesPerSecond: Double?
    let packetsPerSecond: Double?
    let averagePacketBytes: Double?
    let isInTimeOrder: Bool?
    let interfaces: [Interface]
    let truncation: Truncation?

    init(_ summary: CaptureSummary) {
        path = summary.path
        format = "\(summary.format)"
        fileBytes = summary.fileByteCount
        packets = summary.packetCount
        bytes = summary.originalByteCount
        capturedBytes = summary.capturedByteCount
        earliestNanoseconds = summary.earliestNanoseconds
        latestNanoseconds = summary.latestNanoseconds
        durationNanoseconds = summary.durationNanoseconds
        bytesPerSecond = summary.bytesPerSecond
        packetsPerSecond = summary.packetsPerSecond
        averagePacketBytes = summary.averagePacketByteCount
        isInTimeOrder = summary.isInTimeOrder
        interfaces = summary.interfaces.map { entry in
            Interface(
                name: entry.interface.name, linkType: "\(entry.interface.linkType)",
                linkTypeNumber: entry.interface.linkType.rawValue,
                snapLength: entry.interface.snapByteCount,
                timestampResolution: entry.interface.resolutionDescription,
                packets: entry.packetCount, bytes: entry.originalByteCount,
                capturedBytes: entry.capturedByteCount)
        }
        truncation = summary.truncation.map {
            Truncation(
                byteOffset: $0.byteOffset, missingBytes: $0.missingByteCount, message: "\($0)")
        }
    }
}
