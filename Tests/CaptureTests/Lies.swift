// Files that lie, each in one place: what the lie is, and what must be said about it.
// Each row is a fixture changed in one place; offset and sentence are given by hand.

struct Lie: Sendable, CustomStringConvertible {
    let description: String
    let bytes: [UInt8]
    /// The error after the name of the file.
    let message: String
    /// Packets read before it.
    let packetCount: Int

    init(
        _ description: String, _ message: String, packets: Int = 0, bytes: [UInt8]
    ) {
        self.description = description
        self.message = message
        self.packetCount = packets
        self.bytes = bytes
    }

    /// A fixture with some of its bytes replaced.
    init(
        _ file: FixtureFile, at offset: Int, _ replacement: [UInt8], _ message: String,
        packets: Int = 0
    ) {
        var bytes = file.bytes
        bytes.replaceSubrange(offset..<offset + replacement.count, with: replacement)
        self.init("\(file.name) at \(offset)", message, packets: packets, bytes: bytes)
    }

    static let all: [Lie] = classic + blocks + magics

    /// The first fixture's records start at 24 and 82 (16 + 42 bytes each, then 7 more).
    static let classic: [Lie] = [
        Lie(
            Fixtures.classic[0], at: 82 + 8, [1, 0, 4, 0],
            "byte 90: captured length 262145 is above the 262144 bytes any packet may have",
            packets: 1),
        Lie(
            Fixtures.classic[2], at: 82 + 8, [0xff, 0xff, 0xff, 0xff],
            "byte 90: captured length 4294967295 is above the 262144 bytes any packet may have",
            packets: 1),
    ]

    static let magics: [Lie] = [
        Lie("nothing", "the file is empty", bytes: []),
        Lie(
            "two bytes", "byte 0: the file ends after 2 bytes, inside its header of 24",
            bytes: [1, 2]),
        Lie(
            "text", "byte 0: unknown magic number 0x68656c6c: neither pcap nor pcapng",
            bytes: Array("hello, world".utf8)),
        Lie(
            "gzip",
            "byte 0: this is a gzip-compressed file; unpack it first, as in "
                + "'gzip -dc FILE | weft ... -'",
            bytes: [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]),
        Lie(
            "zstd",
            "byte 0: this is a zstd-compressed file; unpack it first, as in "
                + "'zstd -dc FILE | weft ... -'",
            bytes: [0x28, 0xb5, 0x2f, 0xfd, 0, 0]),
        Lie(
            "snoop",
            "byte 0: this is a snoop file; convert it first with 'editcap -F pcapng'",
            bytes: Array("snoop\0\0\0".utf8)),
    ]

    /// In the fixture: section 0..<28, interface 28..<68 with options, packet from 68.
    static let blocks: [Lie] = [
        Lie(
            plain, at: 4, [27, 0, 0, 0], "byte 4: block length 27 is not a multiple of four"),
        Lie(
            plain, at: 4, [8, 0, 0, 0],
            "byte 4: block length 8 is absurd; this block has 12 to 16777216 bytes"),
        Lie(
            plain, at: 8, [1, 2, 3, 4],
            "byte 8: section byte-order magic 0x4030201 is not 0x1a2b3c4d in either order"),
        Lie(plain, at: 12, [2, 0], "byte 12: pcapng version 2.0 is not 1.0"),
        Lie(
            plain, at: 24, [32, 0, 0, 0],
            "byte 24: the block begins with length 28 and ends with length 32"),
        Lie(
            plain, at: 44, [9, 0, 2, 0],
            "byte 44: option 9 has 2 bytes, which is the wrong length for it"),
        Lie(
            plain, at: 44, [9, 0, 200, 0],
            "byte 44: option 9 of 200 bytes runs past the end of its block"),
        Lie(
            plain, at: 48, [20],
            "byte 28: time stamp resolution 0x14 is finer than 64 bits can count"),
        Lie(
            plain, at: plainPacket + 4, [1, 0, 0, 1],
            "byte 64: block length 16777217 is absurd; this block has 12 to 16777216 bytes"),
        Lie(
            plain, at: plainPacket + 8, [1, 0, 0, 0],
            "byte 68: interface 1 is not described; the section has described 1"),
        Lie(
            plain, at: plainPacket + 20, [53, 0, 0, 0],
            "byte 80: captured length 53 does not fit its block, which has room for 52"),
        Lie(
            plain, at: plainPacket + 20, [0, 0, 8, 0],
            "byte 80: captured length 524288 is above the 262144 bytes any packet may have"),
        Lie(
            plain, at: 40, [48, 0, 0, 0],
            "byte 80: captured length 49 is above the interface's snap length 48"),
        Lie(
            plain, at: plainPacket + 12, [0xff, 0xff, 0xff, 0xff],
            "byte 72: the time stamp is before 1970 or after 2554, which 64 bits of nanoseconds "
                + "cannot count"),
        Lie(
            "a time before 1970",
            "byte 76: the time stamp is before 1970 or after 2554, which 64 bits of nanoseconds "
                + "cannot count", bytes: beforeTheEpoch.bytes),
        Lie(
            "a packet block too short for its fields",
            "byte 64: block length 20 is absurd; this block has 32 to 16777216 bytes",
            bytes: Array(plain.bytes.prefix(plainPacket))
                + [6, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0]),
    ]
}

/// A section, an interface with if_tsresol 6, one packet of 49 bytes.
private let plain: FixtureFile = {
    var file = FixtureFile("plain pcapng")
    file.section(isBigEndian: false)
    file.interface(1, options: [FixtureOption(9, [6])])
    file.packet(0, ticks: 1, expecting: 1000, frame: FixtureFrame.sample(1, 1))
    return file
}()

private let plainPacket = 60

/// One microsecond after the epoch, moved two seconds back (if_tsoffset).
private let beforeTheEpoch: FixtureFile = {
    var file = FixtureFile("pcapng before 1970")
    file.section(isBigEndian: false)
    file.interface(1, options: [FixtureOption(14, [0xfe] + [UInt8](repeating: 0xff, count: 7))])
    file.packet(0, ticks: 1, expecting: 0, frame: FixtureFrame.sample(1, 1))
    return file
}()
