// Goal: on every bundled trace the reader and libpcap agree, packet for packet.
//
// Method: whatever lies in bench-data, found at run time; nothing there is nothing to disagree on.
// A trace that libpcap cannot finish (cut, damaged, or of several link types) is compared as far
// as libpcap gets, and the reader must get at least as far.

import Capture
import Foundation
import Testing

@Suite struct BundledTraceTests {
    private static let traces: [String] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let directory = root.appending(path: "bench-data").path
        let names = FileManager.default.subpaths(atPath: directory) ?? []
        return names.filter { $0.hasSuffix(".pcap") || $0.hasSuffix(".pcapng") }.sorted()
            .map { "\(directory)/\($0)" }
    }()

    @Test func `every bundled trace reads as libpcap reads it`() throws {
        var packetCount = 0
        for path in Self.traces {
            let oracle = LibpcapOracle(path: path)
            let reading = Reading(path: path)
            let packets = reading.packets.map(\.asLibpcap)
            if oracle.failure == nil {
                #expect(reading.error == nil && reading.truncation == nil)
                #expect(packets.count == oracle.packets.count)
            }
            #expect(packets.count >= oracle.packets.count)
            let agree = packets.prefix(oracle.packets.count).elementsEqual(
                oracle.packets.map(\.asLibpcap))
            #expect(agree, "\(path)")
            packetCount += packets.count
        }
        print("bundled traces: \(Self.traces.count) files, \(packetCount) packets compared")
        #expect(Self.traces.isEmpty == (packetCount == 0))
    }
}
