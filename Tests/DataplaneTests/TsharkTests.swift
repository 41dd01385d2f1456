// Goal: what leaves a node is what another program takes for sound. Method: frames of every kind go
// across the mesh and back; everything that was transmitted or delivered is written to one pcap, and
// tshark must find no malformed packet, no wrong checksum, and the fields that tunnels should have.

import Capture
import Dataplane
import Foundation
import Testing
import Wire

@Suite struct TsharkTests {
    private static let tshark = "/usr/bin/tshark"

    /// Everything that left a node, over both underlays.
    private func transmitted() throws -> [[UInt8]] {
        var frames: [[UInt8]] = []
        for isUnderlayIPv6 in [false, true] {
            let mesh = try TestMesh.standard(isUnderlayIPv6: isUnderlayIPv6)
            for kind in Kind.all {
                for owner in [0, 2] {
                    let request = mesh.aimed(kind.request, atOwner: owner)
                    let endpoint = request.choice(in: mesh).endpoint
                    let task = mesh.address(of: endpoint, isIPv6: kind.isIPv6)
                    let reply = request.reversed.from(task, kind.target)
                    let error = Draft.error(
                        .destinationUnreachable, .destinationUnreachable, code: 3,
                        quoting: request.reversed.packet, from: request.source, to: request.target)
                    var steps = mesh.send(request.frame, at: 0)
                    steps += mesh.send(reply.frame, from: endpoint)
                    steps += mesh.send(error.frame, at: 0)
                    steps += mesh.send(request.with(\.ttl, 1).frame, at: 0)
                    steps += mesh.send(
                        request.with(\.tags, [VLANTag(tpid: .qinq, vid: 2), VLANTag(vid: 3)]).frame,
                        at: 0)
                    frames += steps.compactMap { step in
                        switch step.verdict {
                        case .transmitted, .delivered: step.bytes
                        default: nil
                        }
                    }
                }
            }
        }
        return frames
    }

    @Test func `tshark finds nothing wrong`() throws {
        let frames = try transmitted()
        let rows = try decode(frames)
        try #require(rows.count == frames.count)
        var tunnelCount = 0
        for row in rows {
            #expect(row["_ws.malformed"] == "")
            for column in Self.statuses {
                let outcomes = row[column, default: ""].split(separator: ",")
                // 1 is good; 3 is a zero checksum over VXLAN, which RFC 7348 asks for.
                #expect(outcomes.allSatisfy { $0 == "1" || $0 == "3" }, "\(column): \(row)")
            }
            guard let vni = row["vxlan.vni"], !vni.isEmpty else { continue }
            tunnelCount += 1
            #expect(vni == "4096")
            #expect(row["udp.dstport"]?.split(separator: ",").first == "4789")
        }
        #expect(tunnelCount > 40)
    }

    @Test func `tshark finds a byte that is wrong`() throws {
        var frames = try transmitted()
        for index in frames.indices { frames[index][frames[index].count - 1] ^= 0x10 }
        let rows = try decode(frames)
        let bad = rows.count { row in
            Self.statuses.contains { row[$0, default: ""].split(separator: ",").contains("0") }
        }
        #expect(bad > frames.count * 9 / 10)
    }

    private static let statuses = ["ip", "tcp", "udp", "sctp", "icmp", "icmpv6"].map {
        "\($0).checksum.status"
    }

    /// One dictionary of column to text for each frame.
    private func decode(_ frames: [[UInt8]]) throws -> [[String: String]] {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "dataplane-\(UUID().uuidString).pcap")
        defer { try? FileManager.default.removeItem(at: file) }
        var writer = try PcapWriter(path: file.path, linkType: .ethernet)
        for frame in frames {
            try writer.write(
                timestampNanoseconds: 0, originalByteCount: frame.count, bytes: frame.span.raw)
        }
        try writer.close()
        let columns = Self.statuses + ["_ws.malformed", "vxlan.vni", "udp.dstport"]
        let process = Process()
        process.executableURL = URL(filePath: Self.tshark)
        let checks = ["ip.check_checksum", "tcp.check_checksum", "udp.check_checksum"]
        let options = checks.map { "\($0):TRUE" } + ["sctp.checksum:CRC 32c"]
        // Payloads are four letters, whatever their ports promise.
        let without = ["dns", "mdns"].flatMap { ["--disable-protocol", $0] }
        process.arguments =
            ["-n"] + without + [
                "-r", file.path, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a",
            ]
            + options.flatMap { ["-o", $0] } + columns.flatMap { ["-e", $0] }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "tshark failed")
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map { line in
            let values = line.split(separator: "|", omittingEmptySubsequences: false)
            return Dictionary(uniqueKeysWithValues: zip(columns, values.map(String.init)))
        }
    }
}
