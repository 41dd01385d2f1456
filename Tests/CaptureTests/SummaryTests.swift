// Goal: the summary says what `capinfos` says.
//
// Method: the packet-bearing fixtures, by counting, and one of them through capinfos.

import Capture
import Foundation
import Testing

@Suite struct SummaryTests {
    @Test(arguments: Fixtures.all)
    func `totals are those of the packets`(file: FixtureFile) throws {
        var reader = try CaptureReader(bytes: file.bytes, name: file.name)
        let summary = try CaptureSummary(reading: &reader)
        let timed = file.packets.filter { !file.name.contains("simple") || $0.interfaceIndex > 0 }
        let times = timed.map(\.timestampNanoseconds)
        #expect(summary.packetCount == file.packets.count)
        #expect(summary.capturedByteCount == file.packets.reduce(0) { $0 + $1.bytes.count })
        #expect(
            summary.originalByteCount == file.packets.reduce(0) { $0 + $1.originalByteCount })
        #expect(summary.earliestNanoseconds == times.min())
        #expect(summary.latestNanoseconds == times.max())
        let isInOrder = times == times.sorted()
        let order: Bool? = isInOrder && file.name.contains("simple") ? nil : isInOrder
        #expect(summary.isInTimeOrder == order)
        #expect(summary.fileByteCount == file.bytes.count)
    }

    @Test func `interfaces keep their names and their own counts`() throws {
        let file = Fixtures.twoSections
        var reader = try CaptureReader(bytes: file.bytes, name: file.name)
        let summary = try CaptureSummary(reading: &reader)
        #expect(
            summary.interfaces.map(\.interface.name) == ["if0", "other0", "if1", "other1"])
        #expect(summary.interfaces.map(\.packetCount) == [1, 1, 1, 1])
        #expect(summary.linkTypes == [.ethernet])
        #expect(summary.isInTimeOrder == false)
        #expect(summary.durationNanoseconds == 4995)
    }

    @Test func `packets without a time leave rates and order unknown`() throws {
        let file = Fixtures.someTimes
        var reader = try CaptureReader(bytes: file.bytes, name: file.name)
        let summary = try CaptureSummary(reading: &reader)
        #expect(summary.untimedPacketCount == 2 && summary.packetCount == 4)
        #expect(summary.isInTimeOrder == nil)
        #expect(summary.durationNanoseconds == 4000)
        #expect(summary.packetsPerSecond == nil && summary.bytesPerSecond == nil)
    }

    @Test func `a cut file is summed up with its warning`() throws {
        let file = Fixtures.classic[0]
        var reader = try CaptureReader(bytes: Array(file.bytes.dropLast()), name: "cut.pcap")
        let summary = try CaptureSummary(reading: &reader)
        #expect(summary.packetCount == 3)
        #expect(
            summary.truncation?.description
                == "cut.pcap: byte 219: the last record is cut, 1 byte short")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/capinfos")))
    func `capinfos counts the same`() throws {
        let others = [
            Fixtures.everyBlock, Fixtures.twoSections, Fixtures.simplePackets, Fixtures.someTimes,
        ]
        for file in Fixtures.classic + others {
            let line = try withTemporaryPath("fixture") { path in
                try write(file.bytes, to: path)
                return try Tool.run(
                    "/usr/bin/capinfos", ["-T", "-r", "-M", "-c", "-d", "-o", path])
            }
            var reader = try CaptureReader(bytes: file.bytes, name: file.name)
            let summary = try CaptureSummary(reading: &reader)
            let order = summary.isInTimeOrder.map { $0 ? "True" : "False" } ?? "Unknown"
            let fields = [String(summary.packetCount), String(summary.originalByteCount), order]
            #expect(line.first?.dropFirst() == fields[...])
        }
    }
}
