// The bounds of generated traffic, each with its reason.
// Invariant: a generator's memory is bounded by these before the first frame is made.

public enum TrafficLimits {
    /// A flow costs about 150 bytes of memory while a trace is made: 640 MB at the limit.
    /// It also keeps the sum of the Zipf weights, 40 bits each, within 62 bits.
    public static let flowCountMax = 1 << 22
    /// Quotas are counted in 32 bits; a trace this long is a hundred gigabytes.
    public static let packetCountMax = 1 << 31
    /// What 64 bits of nanoseconds count from the epoch on, with room: one packet a second at the
    /// slowest, `packetCountMax` of them.
    public static let packetsPerSecondMax = 1_000_000_000
    /// Above it the second most popular flow gets less than a sixteenth of the first's packets, and
    /// a trace is one flow.
    public static let skewThousandthsMax = 4000
    /// IPv6's minimum (RFC 8200, section 5), so that every header combination fits.
    public static let packetByteCountMin = 1280
    /// Jumbo frames, as Ethernet switches commonly carry them.
    public static let packetByteCountMax = 9000
    /// Sizes of an explicit mix; a mix of more is a distribution and wants a different form.
    public static let sizeCountMax = 64
    public static let weightMax = 1_000_000
    /// Published ports times node addresses of a large mesh.
    public static let targetCountMax = 65_536
    /// Ethernet header, one tag, and the largest packet.
    public static let frameByteCountMax = 14 + 4 + packetByteCountMax
    /// Fragments of one datagram: two, or three so that one is in the middle.
    static let fragmentCountMax = 3
}
