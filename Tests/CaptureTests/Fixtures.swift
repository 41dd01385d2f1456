// The set of synthesised captures: every format, byte order, resolution and link type once.
// Built byte by byte from the formats' descriptions, without the writers under test.

enum Fixtures {
    static let all: [FixtureFile] =
        classic + resolutions + [
            classicCutBySnapLength, classicWithFrameCheck, empty, everyBlock, simplePackets,
            twoSections, sectionsOfBothOrders, differentInterfaces, bigEndianSection,
        ]

    /// Both byte orders, both resolutions, every link type.
    static let classic: [FixtureFile] = ([1, 101, 12, 14, 228, 229, 113, 276] as [UInt32]).flatMap {
        linkType -> [FixtureFile] in
        [(false, false), (false, true), (true, false), (true, true)].map { order -> FixtureFile in
            let name = "pcap link \(linkType)\(order.0 ? " big" : "")\(order.1 ? " ns" : "")"
            var file = FixtureFile(name, isBigEndian: order.0)
            file.classicHeader(magic: order.1 ? 0xa1b2_3c4d : 0xa1b2_c3d4, network: linkType)
            for index in 0..<4 {
                file.classicRecord(
                    1_700_000_000 + UInt32(index), order.1 ? 999_999_999 : 999_999,
                    nanosecondsPerTick: order.1 ? 1 : 1000, linkType: linkType,
                    frame: FixtureFrame.sample(linkType, index), original: index == 3 ? 1500 : nil)
            }
            return file
        }
    }

    /// A record longer than the snap length, which libpcap cuts.
    static var classicCutBySnapLength: FixtureFile {
        var file = FixtureFile("pcap cut by snap length")
        file.classicHeader(magic: 0xa1b2_c3d4, network: 1, snapLength: 40)
        for index in 0..<3 {
            file.classicRecord(
                5, UInt32(index), nanosecondsPerTick: 1000, linkType: 1,
                frame: FixtureFrame.sample(1, index))
        }
        for index in file.packets.indices {
            file.packets[index].bytes = Array(file.packets[index].bytes.prefix(40))
        }
        return file
    }

    /// The link type field with a frame check sequence of four bytes in its upper bits.
    static var classicWithFrameCheck: FixtureFile {
        var file = FixtureFile("pcap with frame check length")
        file.classicHeader(magic: 0xa1b2_3c4d, network: 0x2400_0001)
        file.classicRecord(
            7, 8, nanosecondsPerTick: 1, linkType: 1,
            frame: FixtureFrame.sample(1, 1) + [1, 2, 3, 4])
        return file
    }

    static var empty: FixtureFile {
        var file = FixtureFile("pcap without packets")
        file.classicHeader(magic: 0xa1b2_c3d4, network: 1)
        return file
    }

    /// if_tsresol of ten and of two, fine and coarse, and if_tsoffset. The expected nanoseconds are
    /// worked out by hand.
    static let resolutions: [FixtureFile] = [
        ("default", nil, 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
        ("10^0", 0, 0, 1_700_000_000, 1_700_000_000_000_000_000),
        ("10^-3", 3, 0, 1_700_000_000_123, 1_700_000_000_123_000_000),
        ("10^-9", 9, 0, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        ("10^-10", 10, 0, 17_000_000_001_234_567_899, 1_700_000_000_123_456_789),
        ("10^-12", 12, 1_700_000_000, 123_456_789_999, 1_700_000_000_123_456_789),
        ("2^0", 0x80, 0, 1_700_000_000, 1_700_000_000_000_000_000),
        ("2^-1", 0x81, 0, 3, 1_500_000_000),
        ("2^-10", 0x8a, 0, 1025, 1_000_976_562),
        ("2^-30", 0x9e, 0, 1 << 30 | 1, 1_000_000_000),
        ("2^-32", 0xa0, 0, 1_700_000_000 << 32 | 0x8000_0000, 1_700_000_000_500_000_000),
        ("offset", 6, 3600, 5_000_001, 3_605_000_001_000),
        ("negative offset", 6, -2, 5_000_001, 3_000_001_000),
    ].map { (name, resolution: UInt8?, offset: Int64, ticks: UInt64, expected: UInt64) in
        var file = FixtureFile("pcapng \(name)")
        file.section(isBigEndian: false)
        var options: [FixtureOption] = []
        if let resolution { options.append(FixtureOption(9, [resolution])) }
        if offset != 0 {
            options.append(
                FixtureOption(14, (0..<8).map { UInt8(truncatingIfNeeded: offset >> ($0 * 8)) }))
        }
        file.interface(1, options: options)
        file.packet(0, ticks: ticks, expecting: expected, frame: FixtureFrame.sample(1, 1))
        return file
    }
}

extension Fixtures {
    /// Every option this reader keeps, blocks it passes over, and an obsolete packet block.
    static var everyBlock: FixtureFile {
        var file = FixtureFile("pcapng with every block")
        file.section(isBigEndian: false, options: [FixtureOption(4, "by hand")])
        file.interface(
            1,
            options: [
                FixtureOption(2, "eth0"), FixtureOption(3, "the first"), FixtureOption(9, [9]),
            ])
        file.block(4) {
            $0.bytes += [1, 0, 9, 0, 192, 0, 2, 1] + Array("web".utf8) + [0, 0, 0, 0, 0]
        }
        file.packet(
            0, ticks: 1_000_000_007, expecting: 1_000_000_007, frame: FixtureFrame.sample(1, 0),
            options: [
                FixtureOption(1, "one"), FixtureOption(1, "two ✓"), FixtureOption(2, [2, 0, 0, 0]),
                FixtureOption(5, [8, 7, 6, 5, 4, 3, 2, 1]),
                FixtureOption(7, [2, 1, 0, 0, 0, 0, 0, 0, 0]), FixtureOption(2988, "private"),
            ])
        file.obsoletePacket(ticks: 8, expecting: 8, frame: FixtureFrame.sample(1, 1))
        file.block(5) { $0.bytes += [UInt8](repeating: 0, count: 12) }
        file.block(0x0000_0bad) { $0.bytes += [1, 2, 3, 4, 5, 6, 7, 8] }
        file.block(10) { $0.bytes += [0x54, 0x4c, 0x53, 0x4b, 4, 0, 0, 0, 1, 2, 3, 4] }
        file.packet(
            0, ticks: 1_000_000_009, expecting: 1_000_000_009, frame: FixtureFrame.sample(1, 2),
            original: 9000)
        return file
    }

    static var simplePackets: FixtureFile {
        var file = FixtureFile("pcapng simple packets")
        file.section(isBigEndian: false)
        file.interface(1, snapLength: 50)
        file.simplePacket(frame: FixtureFrame.sample(1, 0), original: 42)
        file.simplePacket(frame: Array(FixtureFrame.sample(1, 3).prefix(50)), original: 63)
        return file
    }

    /// Simple packets between two that have times.
    static var someTimes: FixtureFile {
        var file = FixtureFile("pcapng with some times")
        file.section(isBigEndian: false)
        file.interface(1)
        file.packet(0, ticks: 5, expecting: 5000, frame: FixtureFrame.sample(1, 1))
        file.simplePacket(frame: FixtureFrame.sample(1, 0), original: 42)
        file.simplePacket(frame: FixtureFrame.sample(1, 3), original: 63)
        file.packet(0, ticks: 9, expecting: 9000, frame: FixtureFrame.sample(1, 2))
        return file
    }

    static var twoSections: FixtureFile {
        var file = FixtureFile("pcapng two sections")
        for section in 0..<2 as Range<UInt32> {
            file.section(isBigEndian: false)
            file.interface(1, options: [FixtureOption(2, "if\(section)"), FixtureOption(9, [9])])
            file.interface(1, options: [FixtureOption(2, "other\(section)")])
            file.packet(
                0, ticks: 5, expecting: 5, global: section * 2, frame: FixtureFrame.sample(1, 1))
            file.packet(
                1, ticks: 5, expecting: 5000, global: section * 2 + 1,
                frame: FixtureFrame.sample(1, 2))
        }
        return file
    }

    static var bigEndianSection: FixtureFile {
        var file = FixtureFile("pcapng big endian")
        file.section(isBigEndian: true)
        file.interface(101, options: [FixtureOption(9, [9])])
        file.packet(
            0, ticks: 1_700_000_000_000_000_001, expecting: 1_700_000_000_000_000_001,
            linkType: 101, frame: FixtureFrame.sample(101, 1), options: [FixtureOption(1, "hello")])
        return file
    }

    static var sectionsOfBothOrders: FixtureFile {
        var file = FixtureFile("pcapng sections of both byte orders")
        file.isRefusedByLibpcap = true
        for (index, isBigEndian) in [false, true, false].enumerated() {
            file.section(isBigEndian: isBigEndian)
            file.interface(1)
            file.packet(
                0, ticks: 1_700_000_000_000_001, expecting: 1_700_000_000_000_001_000,
                global: UInt32(index), frame: FixtureFrame.sample(1, index))
        }
        return file
    }

    /// Interfaces that differ in link type and snap length, one described between packets.
    static var differentInterfaces: FixtureFile {
        var file = FixtureFile("pcapng different interfaces")
        file.isRefusedByLibpcap = true
        file.section(isBigEndian: false)
        file.interface(1, snapLength: 0)
        file.interface(113, snapLength: 256, options: [FixtureOption(9, [9])])
        file.packet(0, ticks: 1, expecting: 1000, frame: FixtureFrame.sample(1, 1))
        file.packet(
            1, ticks: 2, expecting: 2, linkType: 113, frame: FixtureFrame.sample(113, 2))
        file.interface(276, snapLength: 1500, options: [FixtureOption(2, "late")])
        file.packet(
            2, ticks: 3, expecting: 3000, linkType: 276, frame: FixtureFrame.sample(276, 3))
        return file
    }
}
