// An interface packets were captured on, as its file describes it.
//
// A classic pcap file and a stream have exactly one, made from the file's header. A pcapng file has
// those of all its sections, in file order.

public struct CaptureInterface: Equatable, Sendable {
    public var linkType: LinkType
    /// The most bytes kept of a packet.
    public var snapByteCount: Int
    public var name: String?
    public var description: String?
    /// The pcapng if_tsresol byte: the negative exponent of the resolution in seconds, of ten, or of
    /// two when the top bit is set. Nil on a stream: libpcap gives nanoseconds whatever it reads, and
    /// does not tell what the file has.
    public var timestampResolution: UInt8?
    /// Seconds added to every time stamp (if_tsoffset); already in what the reader reports.
    public var timestampOffsetSeconds: Int64
    /// Bytes of frame check sequence at the end of every packet, where the file says.
    public var frameCheckByteCount: Int?
    /// Which pcapng section described it, from 0.
    public var sectionIndex: Int

    public init(
        linkType: LinkType, snapByteCount: Int = CaptureLimits.capturedByteCountMax,
        name: String? = nil, description: String? = nil, timestampResolution: UInt8? = 9,
        timestampOffsetSeconds: Int64 = 0, frameCheckByteCount: Int? = nil, sectionIndex: Int = 0
    ) {
        self.linkType = linkType
        self.snapByteCount = snapByteCount
        self.name = name
        self.description = description
        self.timestampResolution = timestampResolution
        self.timestampOffsetSeconds = timestampOffsetSeconds
        self.frameCheckByteCount = frameCheckByteCount
        self.sectionIndex = sectionIndex
    }

    /// "1 microsecond" is `10^-6 s`; nil where the resolution is not known.
    public var resolutionDescription: String? {
        timestampResolution.map { "\($0 & 0x80 == 0 ? 10 : 2)^-\($0 & 0x7f) s" }
    }
}
