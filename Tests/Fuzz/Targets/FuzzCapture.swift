// Capture files of any bytes: reading ends, at the end or with an error that has its place; one
// record at a time gives what batches give; and a summary counts the same packets.

import Capture

func fuzzCapture(_ bytes: [UInt8]) -> String? {
    var single = Outcome()
    var batch = Outcome()
    single.attempt { outcome throws(CaptureError) in
        var reader = try CaptureReader(bytes: bytes, name: "input")
        var record = PacketRecord()
        while try reader.next(&record) { try outcome.enter(record, of: reader) }
        outcome.close(reader)
    }
    batch.attempt { outcome throws(CaptureError) in
        var reader = try CaptureReader(bytes: bytes, name: "input")
        var records = [PacketRecord](repeating: PacketRecord(), count: 7)
        while true {
            let count = try reader.next(&records)
            if count == 0 { break }
            for record in records.prefix(count) { try outcome.enter(record, of: reader) }
        }
        outcome.close(reader)
    }
    if let complaint = single.complaint { return complaint }
    guard single == batch else { return "batches give \(batch), records \(single)" }
    return summaryComplaint(bytes, single)
}

private func summaryComplaint(_ bytes: [UInt8], _ outcome: Outcome) -> String? {
    guard outcome.error == nil else { return nil }
    do throws(CaptureError) {
        var reader = try CaptureReader(bytes: bytes, name: "input")
        let summary = try CaptureSummary(reading: &reader)
        _ = (summary.packetsPerSecond, summary.averagePacketByteCount, summary.linkTypes)
        return summary.packetCount == outcome.packetCount ? nil : "the summary miscounts"
    } catch {
        return "the summary fails where reading does not"
    }
}

/// What reading a file came to.
private struct Outcome: Equatable, CustomStringConvertible {
    private(set) var packetCount = 0
    private(set) var digest: UInt64 = 0
    private(set) var error: String?
    private(set) var isTruncated = false
    private(set) var complaint: String?

    var description: String { "\(packetCount) packets, \(digest), \(error ?? "no error")" }

    mutating func attempt(_ read: (inout Outcome) throws(CaptureError) -> Void) {
        do throws(CaptureError) { try read(&self) } catch { self.error = error.description }
    }

    /// Looks at a packet, all that is said of it, and whether a filter takes it.
    mutating func enter(
        _ record: PacketRecord, of reader: borrowing CaptureReader
    ) throws(CaptureError) {
        packetCount += 1
        let bytes = reader.bytes(of: record)
        mix(record.timestampNanoseconds)
        mix(UInt64(record.originalByteCount))
        mix(UInt64(bytes.byteCount))
        for offset in stride(from: 0, to: bytes.byteCount, by: 64) {
            mix(UInt64(bytes.extracting(offset..<offset + 1).byteCount))
        }
        let isInside =
            record.fileOffset + bytes.byteCount <= reader.fileByteCount ?? 0
            && Int(record.interfaceIndex) < reader.interfaces.count
        if !isInside { complaint = "a record lies outside the file" }
        if packetCount == 1 { mix(filterVerdict(record, bytes)) }
        let annotations = try reader.annotations(of: record)
        mix(annotations.packetID ?? 0)
        mix(UInt64(annotations.comments.count))
    }

    mutating func close(_ reader: borrowing CaptureReader) {
        isTruncated = reader.truncation != nil
        for interface in reader.interfaces {
            mix(UInt64(interface.snapByteCount))
            mix(UInt64(interface.resolutionDescription?.utf8.count ?? 0))
        }
    }

    /// Compiling costs more than all the rest: only for what libpcap knows, once for each file.
    private func filterVerdict(_ record: PacketRecord, _ bytes: RawSpan) -> UInt64 {
        guard
            let filter = try? PacketFilter("tcp port 80 or vlan", linkType: record.linkType)
        else { return 2 }
        return filter.matches(bytes, originalByteCount: record.originalByteCount) ? 1 : 0
    }

    private mutating func mix(_ value: UInt64) {
        digest = (digest ^ value) &* 0x100_0000_01b3
    }
}
