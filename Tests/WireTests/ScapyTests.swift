// Goal: the parsers read what another program built. Method: Fixtures/scapy-packets.txt, packets
// that scapy made from given fields (Fixtures/scapy-packets.py made the file); every field it was
// given must be read back, right and wrong checksums included.

import Foundation
import Testing
import Wire

@Suite struct ScapyTests {
    struct Packet: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var linkType: String
        var fields: [Substring]
        var frame: [UInt8]
    }

    static func packets() throws -> [Packet] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/scapy-packets.txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            let columns = line.components(separatedBy: " | ")
            try #require(columns.count == 4, "\(line)")
            return Packet(
                testDescription: columns[0], linkType: columns[1],
                fields: columns[2].split(separator: " "), frame: [UInt8](hex: columns[3]))
        }
    }

    @Test func theFixtureHoldsEveryKindOfPacket() throws {
        #expect(try Self.packets().count == 39)
    }

    @Test(arguments: try Self.packets())
    func everyFieldScapyWasGivenIsReadBack(packet: Packet) {
        let reading = FieldReading(linkType: packet.linkType, frame: packet.frame)
        for field in packet.fields {
            guard let equals = field.firstIndex(of: "=") else {
                Issue.record("no value in \(field)")
                continue
            }
            let key = String(field[..<equals])
            let value = String(field[field.index(after: equals)...])
            #expect(reading.fields[key] == value, "\(key)")
        }
    }

    @Test(arguments: try Self.packets())
    func aPacketCutAnywhereIsReadWithoutATrap(packet: Packet) {
        let whole = FieldReading(linkType: packet.linkType, frame: packet.frame).fields.count
        for length in packet.frame.indices {
            let cut = Array(packet.frame.prefix(length))
            let reading = FieldReading(linkType: packet.linkType, frame: cut)
            #expect(reading.fields.count <= whole)
            if length < 14 { #expect(reading.fields.isEmpty) }
        }
    }
}
