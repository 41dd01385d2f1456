// One packet of a capture, as places and numbers.
//
// A trivial value: 48 bytes, all of them in use, no reference, so a batch of them costs nothing to fill or
// copy: a tail copied in a store that overlaps the one before makes whoever reads across them wait. The
// packet's bytes stay where they are; `CaptureReader.bytes(of:)` lends them. Invariant: a record
// made by a reader lies wholly inside what that reader holds until the reader is asked for more.

public struct PacketRecord: Sendable {
    /// Nanoseconds since 1970-01-01 00:00:00 UTC. Resolutions finer than that are cut, not rounded.
    /// Zero for a pcapng simple packet block, which has no time stamp.
    public internal(set) var timestampNanoseconds: UInt64 = 0

    /// Where the record (header included) starts in the file. On a stream read through libpcap:
    /// where it would start if the stream were a classic pcap file.
    public internal(set) var fileOffset = 0

    /// Where the packet's first byte lies in the file, by the same count.
    var position = 0

    private(set) var capturedCount: UInt32 = 0
    private(set) var originalCount: UInt32 = 0

    /// Index into `CaptureReader.interfaces`; counts through all sections of a pcapng file.
    public internal(set) var interfaceIndex: UInt32 = 0

    public internal(set) var linkType = LinkType.ethernet

    /// False for a pcapng simple packet block.
    public internal(set) var hasTimestamp = true

    /// The block's byte order is not this machine's.
    var isSwapped = false

    /// The record is a pcapng block that can carry options.
    var mayHaveOptions = false

    // Up to the 48th byte.
    private var unused: UInt8 = 0
    private var alsoUnused: UInt32 = 0

    public init() {}

    /// Bytes of the packet in the file.
    public var capturedByteCount: Int { Int(capturedCount) }

    /// Bytes the packet had on the wire.
    public var originalByteCount: Int { Int(originalCount) }

    @inline(__always)
    mutating func setByteCounts(captured: UInt32, original: UInt32) {
        capturedCount = captured
        originalCount = original
    }
}
