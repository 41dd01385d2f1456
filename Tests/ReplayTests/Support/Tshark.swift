// tshark, the decoder that nobody here wrote.
// Its fields are named as tshark names them; a run that fails is a failed test.

import Foundation
import Testing

enum Tshark {
    static let path = "/usr/bin/tshark"
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// What is wrong with a packet. Transport checksums of what an ICMP error quotes are left out: a
    /// quote that is cut to fit is taken for the whole segment, and its checksum for wrong.
    static let bad =
        "_ws.malformed or _ws.expert.group == 0x07000000 or ip.checksum.status == 0"
        + " or icmp.checksum.status == 0 or icmpv6.checksum.status == 0"
        + " or (not icmp and not icmpv6 and (tcp.checksum.status == 0"
        + " or udp.checksum.status == 0 or sctp.checksum.status == 0))"

    /// One line for each packet that `filter` matches, with the fields asked for, tab between them.
    static func fields(
        _ fields: [String], of file: String, matching filter: String, resolving: Bool = false
    ) throws -> [[String]] {
        var arguments = ["-r", file, "-Y", filter, "-T", "fields"]
        arguments += resolving ? ["-N", "n"] : ["-n"]
        arguments += fields.flatMap { ["-e", $0] }
        arguments += [
            "ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE",
            "sctp.checksum:crc-32c", "ip.defragment:FALSE", "ipv6.defragment:FALSE",
            "tcp.desegment_tcp_streams:FALSE",
        ].flatMap { ["-o", $0] }
        arguments += ["-d", "udp.port==4789,vxlan"]
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
