// Goal: the reader finds in every file exactly what was put there, and what libpcap finds.
//
// Method: files synthesised byte by byte, read three ways: by the reader, by libpcap, and for the
// files libpcap refuses by tshark.

import Capture
import Testing

@Suite struct ReadingTests {
    @Test func `a record is copied in whole words`() {
        #expect(MemoryLayout<PacketRecord>.size == 48)
    }

    @Test(arguments: Fixtures.all)
    func `the reader finds what was put into the file`(file: FixtureFile) throws {
        let reading = Reading(bytes: file.bytes)
        #expect(reading.packets == file.packets)
        #expect(reading.truncation == nil && reading.error == nil)
    }

    @Test(arguments: Fixtures.all.filter { !$0.isRefusedByLibpcap })
    func `libpcap finds the same`(file: FixtureFile) throws {
        let oracle = LibpcapOracle(bytes: file.bytes)
        #expect(oracle.failure == nil)
        let packets = Reading(bytes: file.bytes).packets
        #expect(packets.map(\.asLibpcap) == oracle.packets.map(\.asLibpcap))
    }

    @Test(.enabled(if: Tool.hasTshark), arguments: Fixtures.all.filter(\.isRefusedByLibpcap))
    func `tshark finds the same where libpcap refuses`(file: FixtureFile) throws {
        let lines = try withTemporaryPath("fixture.pcapng") { path in
            try write(file.bytes, to: path)
            return try Tool.tsharkSummaries(path)
        }
        #expect(lines == Reading(bytes: file.bytes).packets.map(\.asTshark))
    }

    @Test(arguments: Fixtures.all)
    func `a batch at a time gives what one at a time gives`(file: FixtureFile) throws {
        var reader = try CaptureReader(bytes: file.bytes, name: file.name)
        var records = [PacketRecord](repeating: PacketRecord(), count: 3)
        var packets: [ExpectedPacket] = []
        while case let count = try reader.next(&records), count > 0 {
            for record in records[..<count] {
                packets.append(ExpectedPacket(record, reader.bytes(of: record)))
            }
        }
        #expect(packets == file.packets)
    }

    /// Only a path shows which way a file is read: bytes in memory never go through libpcap.
    @Test(arguments: Fixtures.classic)
    func `a classic file in either byte order is read from the map`(file: FixtureFile) throws {
        try withTemporaryPath("fixture.pcap") { path in
            try write(file.bytes, to: path)
            let reader = try CaptureReader(path: path)
            let isNanosecond = file.name.hasSuffix(" ns")
            let format = CaptureFormat.pcap(isNanosecond: isNanosecond, isSwapped: file.isBigEndian)
            #expect(reader.format == format)
            #expect(reader.fileByteCount == file.bytes.count)
            #expect(Reading(path: path).packets == file.packets)
        }
    }

    @Test func `options of a packet are kept for who asks`() {
        let expected = PacketAnnotations(
            comments: ["one", "two ✓"], direction: .outbound, packetID: 0x0102_0304_0506_0708,
            verdict: .expressDataPath(1))
        let reading = Reading(bytes: Fixtures.everyBlock.bytes)
        #expect(reading.annotations == [expected, PacketAnnotations(), PacketAnnotations()])
    }

    @Test func `options of a big-endian block are read in its order`() {
        let reading = Reading(bytes: Fixtures.bigEndianSection.bytes)
        #expect(reading.annotations.map(\.comments) == [["hello"]])
    }

    @Test func `interfaces are known before the first packet, later ones when met`() {
        let reading = Reading(bytes: Fixtures.differentInterfaces.bytes)
        #expect(reading.openingInterfaces.map(\.linkType) == [.ethernet, .linuxCooked])
        #expect(reading.openingInterfaces.map(\.snapByteCount) == [262_144, 256])
        #expect(reading.interfaces.map(\.name) == [nil, nil, "late"])
    }

    @Test func `interface names and sections are kept apart`() {
        let reading = Reading(bytes: Fixtures.twoSections.bytes)
        #expect(reading.interfaces.map(\.name) == ["if0", "other0", "if1", "other1"])
        #expect(reading.interfaces.map(\.sectionIndex) == [0, 0, 1, 1])
    }

    @Test func `the frame check length comes out of the link type field`() {
        let interface = Reading(bytes: Fixtures.classicWithFrameCheck.bytes).interfaces.first
        #expect(interface?.linkType == .ethernet)
        #expect(interface?.frameCheckByteCount == 4)
    }

    @Test func `seconds past 2038 are unsigned, as the draft says`() {
        var file = FixtureFile("2106")
        file.classicHeader(magic: 0xa1b2_3c4d, network: 1)
        file.classicRecord(.max, 999_999_999, nanosecondsPerTick: 1, linkType: 1, frame: [1, 2])
        let times = Reading(bytes: file.bytes).packets.map(\.timestampNanoseconds)
        #expect(times == [4_294_967_295_999_999_999])
    }
}
