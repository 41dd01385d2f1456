// The numbers of the pcapng format (draft-ietf-opsawg-pcapng), each named once.
// Invariant: reader and writer take them from here, so neither can know a number the other does not.

enum BlockType {
    static let section: UInt32 = 0x0a0d_0d0a
    static let interface: UInt32 = 1
    static let obsoletePacket: UInt32 = 2
    static let simplePacket: UInt32 = 3
    static let nameResolution: UInt32 = 4
    static let interfaceStatistics: UInt32 = 5
    static let enhancedPacket: UInt32 = 6
}

enum BlockOffset {
    static let length = 4
    static let body = 8
    /// Bytes of a block around its body: type, length, and the length again.
    static let frameByteCount = 12
}

enum OptionCode {
    static let end: UInt16 = 0
    static let comment: UInt16 = 1

    static let hardware: UInt16 = 2
    static let operatingSystem: UInt16 = 3
    static let application: UInt16 = 4

    static let interfaceName: UInt16 = 2
    static let interfaceDescription: UInt16 = 3
    static let timestampResolution: UInt16 = 9
    static let frameCheckLength: UInt16 = 13
    static let timestampOffset: UInt16 = 14

    static let packetFlags: UInt16 = 2
    static let packetID: UInt16 = 5
    static let packetVerdict: UInt16 = 7

    static let statisticsReceived: UInt16 = 4
    static let statisticsDropped: UInt16 = 5
}

let byteOrderMagic: UInt32 = 0x1a2b_3c4d

/// `byteCount` rounded up to the format's 32-bit boundary.
@inline(__always)
func padded(_ byteCount: Int) -> Int { (byteCount &+ 3) & ~3 }
