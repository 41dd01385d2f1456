// Capture files written byte by byte, independently of the writers under test.
//
// A `FixtureFile` keeps what was put into it: the packets a reader must find, and the offsets at
// which the file may end without cutting a record.

struct ExpectedPacket: Equatable, CustomStringConvertible {
    var timestampNanoseconds: UInt64
    var originalByteCount: Int
    var linkType: UInt32
    var interfaceIndex: UInt32
    var bytes: [UInt8]

    var description: String {
        "\(timestampNanoseconds) \(bytes.count)/\(originalByteCount) link \(linkType) "
            + "interface \(interfaceIndex)"
    }
}

struct FixtureFile: Sendable, CustomStringConvertible {
    let name: String
    var isBigEndian = false
    var bytes: [UInt8] = []
    var packets: [ExpectedPacket] = []
    var boundaries: [Int] = []
    /// libpcap 1.10 refuses sections that differ in byte order, link type or snap length.
    var isRefusedByLibpcap = false

    var description: String { name }

    init(_ name: String, isBigEndian: Bool = false) {
        self.name = name
        self.isBigEndian = isBigEndian
    }

    mutating func put<Value: FixedWidthInteger>(_ value: Value) {
        let ordered = isBigEndian ? value.bigEndian : value.littleEndian
        for index in 0..<Value.bitWidth / 8 {
            bytes.append(UInt8(truncatingIfNeeded: ordered >> Value(index * 8)))
        }
    }

    mutating func pad() { while bytes.count % 4 != 0 { bytes.append(0) } }
}

// MARK: - Classic

extension FixtureFile {
    mutating func classicHeader(
        magic: UInt32, network: UInt32, snapLength: UInt32 = 65535, minor: UInt16 = 4
    ) {
        put(magic)
        put(2 as UInt16)
        put(minor)
        put(0 as UInt64)
        put(snapLength)
        put(network)
        boundaries.append(bytes.count)
    }

    mutating func classicRecord(
        _ seconds: UInt32, _ fraction: UInt32, nanosecondsPerTick: UInt64, linkType: UInt32,
        frame: [UInt8], original: UInt32? = nil
    ) {
        put(seconds)
        put(fraction)
        put(UInt32(frame.count))
        put(original ?? UInt32(frame.count))
        bytes += frame
        boundaries.append(bytes.count)
        packets.append(
            ExpectedPacket(
                timestampNanoseconds: UInt64(seconds) * 1_000_000_000 + UInt64(fraction)
                    * nanosecondsPerTick,
                originalByteCount: Int(original ?? UInt32(frame.count)), linkType: linkType,
                interfaceIndex: 0, bytes: frame))
    }
}

// MARK: - pcapng

struct FixtureOption {
    let code: UInt16
    let value: [UInt8]

    init(_ code: UInt16, _ value: [UInt8]) {
        self.code = code
        self.value = value
    }

    init(_ code: UInt16, _ text: String) { self.init(code, Array(text.utf8)) }
}

extension FixtureFile {
    mutating func block(
        _ type: UInt32, options: [FixtureOption] = [], _ body: (inout FixtureFile) -> Void
    ) {
        let start = bytes.count
        put(type)
        put(0 as UInt32)
        body(&self)
        pad()
        for option in options {
            put(option.code)
            put(UInt16(option.value.count))
            bytes += option.value
            pad()
        }
        if !options.isEmpty { put(0 as UInt32) }
        let byteCount = UInt32(bytes.count - start + 4)
        put(byteCount)
        var length = FixtureFile("", isBigEndian: isBigEndian)
        length.put(byteCount)
        bytes.replaceSubrange(start + 4..<start + 8, with: length.bytes)
        boundaries.append(bytes.count)
    }

    mutating func section(isBigEndian: Bool, options: [FixtureOption] = []) {
        self.isBigEndian = isBigEndian
        block(0x0a0d_0d0a, options: options) { file in
            file.put(0x1a2b_3c4d as UInt32)
            file.put(1 as UInt16)
            file.put(0 as UInt16)
            file.put(UInt64.max)
        }
    }

    mutating func interface(
        _ linkType: UInt16, snapLength: UInt32 = 65535, options: [FixtureOption] = []
    ) {
        block(1, options: options) { file in
            file.put(linkType)
            file.put(0 as UInt16)
            file.put(snapLength)
        }
    }

    /// An enhanced packet block; `expecting` is what its time stamp means in nanoseconds.
    mutating func packet(
        _ interface: UInt32, ticks: UInt64, expecting nanoseconds: UInt64, linkType: UInt32 = 1,
        global: UInt32? = nil, frame: [UInt8], original: UInt32? = nil,
        options: [FixtureOption] = []
    ) {
        block(6, options: options) { file in
            file.put(interface)
            file.put(UInt32(truncatingIfNeeded: ticks >> 32))
            file.put(UInt32(truncatingIfNeeded: ticks))
            file.put(UInt32(frame.count))
            file.put(original ?? UInt32(frame.count))
            file.bytes += frame
        }
        packets.append(
            ExpectedPacket(
                timestampNanoseconds: nanoseconds,
                originalByteCount: Int(original ?? UInt32(frame.count)), linkType: linkType,
                interfaceIndex: global ?? interface, bytes: frame))
    }

    mutating func obsoletePacket(ticks: UInt64, expecting nanoseconds: UInt64, frame: [UInt8]) {
        block(2, options: [FixtureOption(2, [0, 0, 0, 0])]) { file in
            file.put(0 as UInt16)
            file.put(7 as UInt16)
            file.put(UInt32(truncatingIfNeeded: ticks >> 32))
            file.put(UInt32(truncatingIfNeeded: ticks))
            file.put(UInt32(frame.count))
            file.put(UInt32(frame.count))
            file.bytes += frame
        }
        packets.append(
            ExpectedPacket(
                timestampNanoseconds: nanoseconds, originalByteCount: frame.count, linkType: 1,
                interfaceIndex: 0, bytes: frame))
    }

    mutating func simplePacket(frame: [UInt8], original: Int) {
        block(3) { file in
            file.put(UInt32(original))
            file.bytes += frame
        }
        packets.append(
            ExpectedPacket(
                timestampNanoseconds: 0, originalByteCount: original, linkType: 1,
                interfaceIndex: 0, bytes: frame))
    }
}
