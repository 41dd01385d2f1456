// Goal: on every bundled trace the reader and libpcap agree, packet for packet.
//
// Method: whatever lies in bench-data, found at run time; nothing there is nothing to disagree on.
// A trace that libpcap cannot finish (cut, damaged, or of several link types) is compared as far
// as libpcap gets, and as a whole with what tshark says of times and lengths.

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
            #expect(reading.error == nil)
            if oracle.failure == nil {
                #expect(packets.count == oracle.packets.count && reading.truncation == nil)
            } else if Tool.hasTshark {
                #expect(try Tool.tsharkSummaries(path) == reading.packets.map(\.asTshark))
            }
            let count = oracle.packets.count
            let agree = packets.prefix(count).elementsEqual(oracle.packets.map(\.asLibpcap))
            #expect(agree, "\(path)")
            print("\(path): \(packets.count) packets, \(count) by libpcap")
            packetCount += packets.count
        }
        print("bundled traces: \(Self.traces.count) files, \(packetCount) packets")
        #expect(Self.traces.isEmpty == (packetCount == 0))
    }
}
