// Wireshark's dissectors, which nobody here wrote, read a mixed trace: with every checksum checked and
// fragments put together they find nothing malformed; and nothing but the damaged frames where damage
// was asked for.

import Foundation
import Testing
import Traffic

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: tshark)))
struct WiresharkTests {
    /// Of a quote over IPv6 that is cut to fit, Wireshark takes what there is for the whole segment
    /// and its checksum for wrong; a quote's transport checksum is nothing to go by.
    private static let bad =
        "_ws.malformed or ip.checksum.status == 0 or udp.checksum.status == 0"
        + " or icmp.checksum.status == 0 or icmpv6.checksum.status == 0"
        + " or (not icmpv6 and (tcp.checksum.status == 0 or sctp.checksum.status == 0))"
        + " or _ws.expert.group == 0x07000000"

    @Test func aMixedTraceHasNothingMalformed() throws {
        let frames = try TrafficSpecification.mixed(packets: 6000, flows: 300).frames()
        #expect(try frameNumbers(of: frames, matching: "frame").count == 6000)
        #expect(try frameNumbers(of: frames, matching: Self.bad).isEmpty)
    }

    @Test func checksumsAreReallyChecked() throws {
        var frames = try TrafficSpecification.mixed(packets: 300, flows: 30).frames()
        for index in frames.indices { frames[index].bytes[frames[index].bytes.count - 1] ^= 0x55 }
        #expect(try frameNumbers(of: frames, matching: Self.bad).count > 100)
    }

    @Test func everyDatagramInFragmentsIsPutTogether() throws {
        var specification = TrafficSpecification.mixed(packets: 3000, flows: 30)
        specification.fragments = Share(percent: 50)
        let frames = try specification.frames()
        let cut = frames.count {
            $0.frame.kind == .fragment && read($0.bytes).isFirst
        }
        #expect(cut > 100)
        let filter =
            "(ip.reassembled.length or ipv6.reassembled.length) and udp.checksum.status == 1"
        #expect(try frameNumbers(of: frames, matching: filter).count == cut)
    }

    @Test func onlyDamagedFramesAreFoundMalformed() throws {
        var specification = TrafficSpecification.mixed(packets: 3000, flows: 300)
        specification.malformed = Share(percent: 20)
        // A piece that is missing would leave its whole datagram unread.
        specification.fragments = .none
        let frames = try specification.frames()
        let found = try frameNumbers(of: frames, matching: Self.bad)
        #expect(found.count > 300)
        for number in found { #expect(frames[number - 1].frame.isMalformed) }
    }

    /// The numbers, from one, of the frames that `filter` matches.
    private func frameNumbers(of frames: [Made], matching filter: String) throws -> [Int] {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "weft-\(UUID().uuidString).pcap")
        try Data(pcapFile(of: frames)).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: tshark)
        process.arguments =
            ["-n", "-r", file.path(), "-Y", filter, "-T", "fields", "-e", "frame.number"]
            + [
                "ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE",
                "sctp.checksum:crc-32c", "ip.defragment:TRUE", "ipv6.defragment:TRUE",
            ].flatMap { ["-o", $0] }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { Int($0) }
    }
}

let tshark = "/usr/bin/tshark"
