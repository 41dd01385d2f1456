// Every limit this module puts on what a file may ask of it, with its reason.
//
// Invariant: no length read from a file is trusted above one of these. Where a limit also draws the
// line between a record cut by the end of the file (a warning) and a length that lies (an error),
// the comment says so.

public enum CaptureLimits {
    /// The longest packet a record may hold: libpcap's MAXIMUM_SNAPLEN, also Wireshark's limit for
    /// every link type Weft routes. A captured length above it is a lie; one below it that runs
    /// past the end of the file is a cut.
    public static let capturedByteCountMax = 262_144

    /// The longest pcapng block: libpcap's limit, room for a packet of the largest size and 15 MiB
    /// of options. A longer block is a lie; a shorter one past the end of the file is a cut.
    public static let blockByteCountMax = 16 * 1024 * 1024

    /// Interfaces in one file, all sections together. Bounds what the reader remembers: a file of
    /// nothing but interface blocks would otherwise cost ten times its own size in memory.
    public static let interfaceCountMax = 65_536

    /// The longest value of a pcapng option, whose length field has 16 bits.
    public static let optionByteCountMax = 65_535

    /// Records to ask a reader for at once: enough that the call does not count, few enough that they
    /// are still in L1 when they are looked at.
    public static let batchRecordCount = 128

    /// Packets libpcap reads ahead on a stream before the first is handed on.
    static let streamRecordCountMax = 256

    /// What those packets may occupy: at least one packet of any size always fits.
    static let streamWindowByteCount = 4 * capturedByteCountMax

    /// Bytes a writer gathers before it calls the kernel.
    static let sinkByteCount = 256 * 1024
}
