// Writes classic pcap files (draft-ietf-opsawg-pcap), little-endian, version 2.4.
//
// Invariant: the same calls give the same bytes, on any machine and any day; a packet that the
// format cannot hold is an error and leaves nothing of itself behind.

public struct PcapWriter: ~Copyable {
    private var sink: ByteSink
    private let isNanosecond: Bool
    private let snapByteCount: Int

    /// Starts a file, which must be none of `files` and is one of them from then on; `-` is standard
    /// output. Without `isNanosecond`, times are cut to microseconds.
    public init(
        path: String, linkType: LinkType, isNanosecond: Bool = true,
        snapByteCount: Int = CaptureLimits.capturedByteCountMax, among files: inout FilesInUse
    ) throws(CaptureError) {
        self.isNanosecond = isNanosecond
        self.snapByteCount = min(max(1, snapByteCount), CaptureLimits.capturedByteCountMax)
        sink = try Self.open(path, linkType, &files)
        sink.buffer.append(isNanosecond ? 0xa1b2_3c4d as UInt32 : 0xa1b2_c3d4)
        sink.buffer.append(2 as UInt16)
        sink.buffer.append(4 as UInt16)
        sink.buffer.append(0 as UInt64)
        sink.buffer.append(UInt32(truncatingIfNeeded: self.snapByteCount))
        sink.buffer.append(linkType.rawValue)
    }

    public init(
        path: String, linkType: LinkType, isNanosecond: Bool = true,
        snapByteCount: Int = CaptureLimits.capturedByteCountMax
    ) throws(CaptureError) {
        var files = FilesInUse()
        try self.init(
            path: path, linkType: linkType, isNanosecond: isNanosecond,
            snapByteCount: snapByteCount, among: &files)
    }

    private static func open(
        _ path: String, _ linkType: LinkType, _ files: inout FilesInUse
    ) throws(CaptureError) -> ByteSink {
        guard linkType.rawValue <= ClassicFormat.linkTypeMask else {
            throw CaptureError(path: path, fault: .linkTypeUnwritable(linkType))
        }
        return try ByteSink(path: path, among: &files)
    }

    /// Writes one packet, of which `bytes` are at hand and `originalByteCount` were on the wire.
    public mutating func write(
        timestampNanoseconds: UInt64, originalByteCount: Int, bytes: RawSpan
    ) throws(CaptureError) {
        let (seconds, fraction) = timestampNanoseconds.quotientAndRemainder(
            dividingBy: 1_000_000_000)
        guard let seconds = UInt32(exactly: seconds) else { throw error(.timestampOutOfRange) }
        guard bytes.byteCount <= CaptureLimits.capturedByteCountMax else {
            throw error(
                .valueTooLong(
                    what: "packet", byteCount: bytes.byteCount,
                    limit: CaptureLimits.capturedByteCountMax))
        }
        let captured = min(bytes.byteCount, snapByteCount)
        sink.buffer.append(seconds)
        sink.buffer.append(
            UInt32(truncatingIfNeeded: isNanosecond ? fraction : fraction / 1000))
        sink.buffer.append(UInt32(truncatingIfNeeded: captured))
        sink.buffer.append(UInt32(clamping: originalByteCount))
        sink.buffer.append(bytes.extracting(first: captured))
        try sink.flushIfFull()
    }

    /// Writes out what is left. Until this returns the file is not complete.
    public consuming func close() throws(CaptureError) {
        try sink.close()
    }

    private func error(_ fault: CaptureFault) -> CaptureError {
        CaptureError(path: sink.path, byteOffset: sink.byteCount, fault: fault)
    }
}
