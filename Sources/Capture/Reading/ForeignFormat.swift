// Formats known by sight, so that the error can say what to do instead of "unknown magic".
// Invariant: recognising one never reads past the first bytes, and never succeeds in opening it.

enum ForeignFormat {
    static let gzip = CaptureFault.foreignFormat(
        name: "gzip-compressed", remedy: "unpack it first, as in 'gzip -dc FILE | weft ... -'")

    /// The error for a file that starts with `bytes`.
    static func fault(_ bytes: RawSpan) -> CaptureFault {
        guard bytes.byteCount >= 4 else {
            return .headerCut(
                byteCount: bytes.byteCount, needed: ClassicFormat.headerByteCount)
        }
        guard !ClassicFormat.isForLibpcap(bytes) else {
            return .foreignFormat(
                name: "pcap of an unusual version", remedy: "read it by its path, not from memory")
        }
        let magic = UInt32(bigEndian: bytes.u32(0, swapped: false))
        switch magic {
        case 0x1f8b_0000...0x1f8b_ffff: return gzip
        case 0x28b5_2ffd: return compressed("zstd", "zstd")
        case 0xfd37_7a58: return compressed("xz", "xz")
        case 0x425a_6800...0x425a_68ff: return compressed("bzip2", "bzip2")
        case 0x0422_4d18: return compressed("lz4", "lz4")
        case 0x736e_6f6f: return converted("snoop")
        case 0x474d_4255, 0x5254_5353: return converted("Network Monitor")
        default: return .unknownMagic(magic)
        }
    }

    private static func compressed(_ name: String, _ command: String) -> CaptureFault {
        .foreignFormat(
            name: "\(name)-compressed",
            remedy: "unpack it first, as in '\(command) -dc FILE | weft ... -'")
    }

    private static func converted(_ name: String) -> CaptureFault {
        .foreignFormat(name: name, remedy: "convert it first with 'editcap -F pcapng'")
    }
}
