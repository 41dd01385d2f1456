// A capture at a glance, in one pass: what `capinfos` tells of a file.
//
// Invariant: totals are the sums over interfaces, and times are those of packets that have one, so
// simple packet blocks count as packets and not as moments. Rates are nil where a capture has no
// duration to divide by, or where the duration is not that of all its packets.

public struct CaptureSummary: Equatable, Sendable {
    public let path: String
    public let format: CaptureFormat
    /// Nil on a stream.
    public let fileByteCount: Int?
    public private(set) var interfaces: [InterfaceCount] = []
    /// The earliest and latest time, in nanoseconds since the epoch; nil without timed packets.
    public private(set) var earliestNanoseconds: UInt64?
    public private(set) var latestNanoseconds: UInt64?
    /// Packets without a time, which simple packet blocks are.
    public private(set) var untimedPacketCount = 0
    /// A packet is earlier than one before it.
    private var hasStepBack = false
    /// The warning with which the file ended, if it did.
    public private(set) var truncation: CaptureTruncation?

    /// An interface and what was captured on it.
    public struct InterfaceCount: Equatable, Sendable {
        public let interface: CaptureInterface
        public internal(set) var packetCount = 0
        public internal(set) var capturedByteCount = 0
        public internal(set) var originalByteCount = 0
    }

    /// Reads `reader` from where it is to its end.
    public init(reading reader: inout CaptureReader) throws(CaptureError) {
        path = reader.path
        format = reader.format
        fileByteCount = reader.fileByteCount
        var previous: UInt64 = 0
        var record = PacketRecord()
        while try reader.next(&record) {
            // A pcapng file may describe interfaces between its packets.
            if Int(record.interfaceIndex) >= interfaces.count { add(reader.interfaces) }
            count(record, after: &previous)
        }
        add(reader.interfaces)
        truncation = reader.truncation
    }

    private mutating func add(_ described: [CaptureInterface]) {
        for interface in described[interfaces.count...] {
            interfaces.append(InterfaceCount(interface: interface))
        }
    }

    private mutating func count(_ record: PacketRecord, after previous: inout UInt64) {
        let index = Int(record.interfaceIndex)
        interfaces[index].packetCount += 1
        interfaces[index].capturedByteCount += record.capturedByteCount
        interfaces[index].originalByteCount += record.originalByteCount
        guard record.hasTimestamp else {
            untimedPacketCount += 1
            return
        }
        let time = record.timestampNanoseconds
        if time < previous { hasStepBack = true }
        previous = time
        earliestNanoseconds = min(earliestNanoseconds ?? time, time)
        latestNanoseconds = max(latestNanoseconds ?? time, time)
    }
}

extension CaptureSummary {
    public var packetCount: Int { interfaces.reduce(0) { $0 + $1.packetCount } }
    /// Bytes of packets in the file.
    public var capturedByteCount: Int { interfaces.reduce(0) { $0 + $1.capturedByteCount } }
    /// Bytes of packets on the wire.
    public var originalByteCount: Int { interfaces.reduce(0) { $0 + $1.originalByteCount } }

    /// The link types of all interfaces, each once, in file order.
    public var linkTypes: [LinkType] {
        interfaces.reduce(into: []) { linkTypes, count in
            if !linkTypes.contains(count.interface.linkType) {
                linkTypes.append(count.interface.linkType)
            }
        }
    }

    /// From the earliest packet to the latest.
    public var durationNanoseconds: UInt64 {
        guard let earliestNanoseconds, let latestNanoseconds else { return 0 }
        return latestNanoseconds - earliestNanoseconds
    }

    /// Whether no packet is earlier than the one before it. Nil where that cannot be told: packets
    /// without a time are among them, and those with one are in order.
    public var isInTimeOrder: Bool? {
        hasStepBack ? false : untimedPacketCount > 0 ? nil : true
    }

    /// Bytes on the wire per packet.
    public var averagePacketByteCount: Double? {
        packetCount == 0 ? nil : Double(originalByteCount) / Double(packetCount)
    }

    public var packetsPerSecond: Double? { perSecond(packetCount) }
    /// On the wire.
    public var bytesPerSecond: Double? { perSecond(originalByteCount) }

    private func perSecond(_ count: Int) -> Double? {
        durationNanoseconds == 0 || untimedPacketCount > 0
            ? nil : Double(count) * 1e9 / Double(durationNanoseconds)
    }
}
