// Goal: a pipe, and formats only libpcap knows, read like any file.
//
// Method: fixtures sent through a named pipe by a thread, compared with the same bytes read from
// the map; and files with a version or magic that only libpcap takes.

import Capture
import Foundation
import Testing

@Suite struct StreamTests {
    @Test(arguments: Fixtures.all.filter { !$0.isRefusedByLibpcap })
    func `a pipe gives the packets the map gives`(file: FixtureFile) throws {
        let reading = try readThroughPipe(file.bytes)
        #expect(reading.error == nil && reading.truncation == nil)
        #expect(reading.packets.map(\.asLibpcap) == file.packets.map(\.asLibpcap))
    }

    @Test func `a stream does not tell its time resolution`() throws {
        for file in Fixtures.classic.prefix(2) {
            let reading = try readThroughPipe(file.bytes)
            #expect(reading.interfaces.map(\.timestampResolution) == [nil])
            #expect(reading.interfaces.map(\.resolutionDescription) == [nil])
        }
    }

    @Test func `more packets than the window holds arrive whole and in order`() throws {
        var file = FixtureFile("long")
        file.classicHeader(magic: 0xa1b2_c3d4, network: 1, snapLength: 262_144)
        for index in 0..<2000 {
            let frame = [UInt8](repeating: UInt8(index & 0xff), count: index * 37 % 60_000)
            file.classicRecord(
                UInt32(index), 0, nanosecondsPerTick: 1000, linkType: 1, frame: frame)
        }
        let reading = try readThroughPipe(file.bytes)
        #expect(reading.packets == file.packets)
    }

    @Test func `a pipe that ends inside a packet is a warning and keeps the rest`() throws {
        let file = Fixtures.classic[0]
        let reading = try readThroughPipe(file.bytes.dropLast(3))
        #expect(reading.error == nil)
        #expect(reading.packets == file.packets.dropLast())
        #expect(reading.truncation?.message?.hasPrefix("truncated dump file") == true)
    }

    @Test func `a pipe with something else is an error in libpcap's words or with a hint`() throws {
        let text = try readThroughPipe(Array("hello, world, this is text".utf8))
        #expect(text.error?.fault == .libpcap(message: "unknown file format"))
        let nothing = try readThroughPipe([])
        #expect(nothing.error?.fault == .empty)
        let gzip = try readThroughPipe([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
        #expect(gzip.error?.description.contains("gzip -dc") == true)
    }

    @Test func `an old version and the modified format go through libpcap`() throws {
        var old = FixtureFile("version 2.3")
        old.classicHeader(magic: 0xa1b2_c3d4, network: 1, minor: 3)
        old.classicRecord(
            9, 8, nanosecondsPerTick: 1000, linkType: 1, frame: FixtureFrame.sample(1, 2))
        var modified = FixtureFile("modified")
        modified.classicHeader(magic: 0xa1b2_cd34, network: 1)
        let frame = FixtureFrame.sample(1, 2)
        for value in [9, 8, UInt32(frame.count), UInt32(frame.count), 0, 0] as [UInt32] {
            modified.put(value)
        }
        modified.bytes += frame
        for file in [old, modified] {
            try withTemporaryPath("old.pcap") { path in
                try write(file.bytes, to: path)
                let reading = Reading(path: path)
                #expect(reading.error == nil)
                #expect(reading.packets == old.packets)
            }
            let copy = Reading(bytes: file.bytes)
            #expect(copy.error?.description.hasSuffix("not from memory") == true)
        }
    }

    @Test func `a directory and a missing file are errors that name the path`() {
        #expect(
            Reading(path: "/usr").error?.description
                == "/usr: this is a directory, not a capture file")
        #expect(
            Reading(path: "/nonexistent.pcap").error?.description
                == "/nonexistent.pcap: open failed: No such file or directory")
    }

    /// Reads `bytes` from a named pipe that a thread fills.
    private func readThroughPipe(_ bytes: [UInt8]) throws -> Reading {
        try withTemporaryPath("pipe") { path in
            try #require(unsafe mkfifo(path, 0o600) == 0)
            let thread = Thread {
                let handle = FileHandle(forWritingAtPath: path)
                try? handle?.write(contentsOf: Data(bytes))
                try? handle?.close()
            }
            thread.start()
            return Reading(path: path)
        }
    }
}
