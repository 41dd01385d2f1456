// The classic pcap format (draft-ietf-opsawg-pcap): a header of 24 bytes, then records.
//
// A record is 16 bytes of header (seconds, fraction, captured length, original length) and the
// packet. Seconds are unsigned, as the draft says. Invariant: the cursor moves only past a record
// that is wholly there, so after an error the same call gives the same error again. A captured
// length above the file's snap length is cut to it, as libpcap does: some writers get it wrong.

/// The header of a classic file.
struct ClassicFormat {
    static let headerByteCount = 24
    static let recordHeaderByteCount = 16
    /// Above the link type, its field has the length of the frame check sequence.
    static let linkTypeMask: UInt32 = 0x03ff_ffff

    let isSwapped: Bool
    let isNanosecond: Bool
    let linkType: LinkType
    let snapByteCount: Int
    let frameCheckByteCount: Int?
    private let nanosecondsPerTick: UInt64

    /// Nil when `bytes` do not start with a magic read here: version 2.4, with microseconds or
    /// nanoseconds. libpcap knows more of them.
    init?(_ bytes: RawSpan) throws(Misread) {
        guard bytes.byteCount >= 4 else { return nil }
        switch bytes.u32(0, swapped: false) {
        case 0xa1b2_c3d4: (isSwapped, isNanosecond) = (false, false)
        case 0xd4c3_b2a1: (isSwapped, isNanosecond) = (true, false)
        case 0xa1b2_3c4d: (isSwapped, isNanosecond) = (false, true)
        case 0x4d3c_b2a1: (isSwapped, isNanosecond) = (true, true)
        default: return nil
        }
        guard bytes.byteCount >= Self.headerByteCount else {
            throw Misread(
                at: bytes.byteCount,
                .headerCut(byteCount: bytes.byteCount, needed: Self.headerByteCount))
        }
        guard Self.isVersionRead(bytes, swapped: isSwapped) else { return nil }
        nanosecondsPerTick = isNanosecond ? 1 : 1000
        snapByteCount = effectiveSnapLength(bytes.u32(16, swapped: isSwapped))
        let network = bytes.u32(20, swapped: isSwapped)
        linkType = LinkType(rawValue: network & Self.linkTypeMask)
        // The length of the frame check sequence counts 16-bit words.
        frameCheckByteCount = network & 0x0400_0000 == 0 ? nil : Int(network >> 28) * 2
    }

    /// Whether `bytes` start as a classic file that only libpcap reads: another version, or Alexey
    /// Kuznetzov's modified format.
    static func isForLibpcap(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= headerByteCount else { return false }
        switch bytes.u32(0, swapped: false) {
        case 0xa1b2_cd34, 0x34cd_b2a1: return true
        case 0xa1b2_c3d4, 0xa1b2_3c4d: return !isVersionRead(bytes, swapped: false)
        case 0xd4c3_b2a1, 0x4d3c_b2a1: return !isVersionRead(bytes, swapped: true)
        default: return false
        }
    }

    /// The one version read here, whose two numbers stand in the file's byte order.
    private static func isVersionRead(_ bytes: RawSpan, swapped: Bool) -> Bool {
        bytes.u16(4, swapped: swapped) == 2 && bytes.u16(6, swapped: swapped) == 4
    }

    /// The one interface such a file has.
    var interface: CaptureInterface {
        CaptureInterface(
            linkType: linkType, snapByteCount: snapByteCount,
            timestampResolution: isNanosecond ? 9 : 6, frameCheckByteCount: frameCheckByteCount)
    }

    /// Reads the next packet.
    func next(
        _ region: borrowing ByteRegion, _ cursor: inout Int, _ record: inout PacketRecord
    ) throws(Misread) -> ReadStep {
        try next(region.bytes, &cursor, &record)
    }

    /// Reads packets into `records` from `count` on, until it is full or there is no other.
    func next(
        _ region: borrowing ByteRegion, _ cursor: inout Int,
        _ records: inout MutableSpan<PacketRecord>, _ count: inout Int
    ) throws(Misread) -> ReadStep {
        let bytes = region.bytes
        while count < records.count {
            let step = try next(bytes, &cursor, &records[count])
            guard case .packet = step else { return step }
            count += 1
        }
        return .packet
    }

    /// Reads the record at `cursor` and moves past it.
    @inline(__always)
    private func next(
        _ bytes: RawSpan, _ cursor: inout Int, _ record: inout PacketRecord
    ) throws(Misread) -> ReadStep {
        let left = bytes.byteCount &- cursor
        guard left >= Self.recordHeaderByteCount else {
            return left == 0 ? .end : .cut(missing: Self.recordHeaderByteCount &- left)
        }
        let header = bytes.extracting(cursor..<cursor &+ Self.recordHeaderByteCount)
        let captured = header.u32(8, swapped: isSwapped)
        guard captured <= CaptureLimits.capturedByteCountMax else {
            throw Misread(
                at: cursor + 8,
                .capturedLengthAboveLimit(captured, limit: CaptureLimits.capturedByteCountMax))
        }
        let byteCount = Self.recordHeaderByteCount &+ Int(captured)
        guard left >= byteCount else { return .cut(missing: byteCount &- left) }
        let seconds = UInt64(header.u32(0, swapped: isSwapped))
        let fraction = UInt64(header.u32(4, swapped: isSwapped))
        record.timestampNanoseconds = seconds &* 1_000_000_000 &+ fraction &* nanosecondsPerTick
        record.fileOffset = cursor
        record.position = cursor &+ Self.recordHeaderByteCount
        record.setByteCounts(
            captured: min(captured, UInt32(truncatingIfNeeded: snapByteCount)),
            original: header.u32(12, swapped: isSwapped))
        record.interfaceIndex = 0
        record.linkType = linkType
        record.mayHaveOptions = false
        record.hasTimestamp = true
        cursor &+= byteCount
        return .packet
    }
}

/// What one step through a file came to.
enum ReadStep {
    case packet
    case end
    /// The file ends inside the record at the cursor, at least so many bytes too early.
    case cut(missing: Int)
}

/// The snap length to go by: as libpcap has it, zero and anything above Int32.max mean none, and no
/// packet is longer than the limit.
func effectiveSnapLength(_ value: UInt32) -> Int {
    value == 0
        ? CaptureLimits.capturedByteCountMax : min(Int(value), CaptureLimits.capturedByteCountMax)
}
