// Goal: no trace can fill a list of the replay. Story: with a small overlay MTU each of 256 packets,
// entering by three nodes, became three fragments for one owner; the list of what reached that owner
// held 576 frames and the process died at the 577th. And what fits the limits is carried: large
// packets were dropped as too big for want of room in the arena. Method: such traces.

import Dataplane
import Mesh
import Replay
import Testing
import Wire

@Suite struct CrowdTests {
    private func cluster(mtu: Int) throws -> Cluster {
        let nodes = (1...4).map { index in
            "    - { name: node\(index), addresses: [192.0.2.1\(index)], vtep: 198.51.100.1\(index) }"
        }
        return try Replaying.cluster(
            text: """
                services:
                  sink:
                    image: example/sink:1
                    ports: ["9000:9000/udp"]
                    deploy:
                      replicas: 1
                      placement: { constraints: [node.hostname == node4] }
                x-mesh:
                  mtu: \(mtu)
                  nodes:
                \(nodes.joined(separator: "\n"))
                """)
    }

    /// UDP packets of `byteCount` bytes from 300 clients that may be fragmented.
    private func frames(count: Int, byteCount: Int) -> [RawFrame] {
        (0..<count).map { index in
            var bytes = [UInt8](repeating: 0, count: 14 + byteCount)
            var target = bytes.rawBytes(at: 0, count: bytes.count)
            EthernetFields(
                destination: MACAddress(rawValue: 2), source: MACAddress(rawValue: 4),
                etherType: .ipv4
            ).write(to: &target)
            var network = target.tail(from: 14)
            var fields = IPv4Fields(
                source: IPv4Address(203, 0, 113, UInt8(1 + index % 250)),
                destination: IPv4Address(192, 0, 2, UInt8(11 + index % 3)), proto: .udp,
                payloadByteCount: byteCount - 20)
            fields.dontFragment = false
            fields.identification = UInt16(truncatingIfNeeded: index)
            fields.write(to: &network)
            var transport = network.tail(from: 20)
            UDPFields(
                sourcePort: Port(UInt16(20_000 + index % 300)), destinationPort: Port(9000),
                payloadByteCount: byteCount - 28
            ).write(to: &transport)
            return RawFrame(bytes, at: UInt64(index) * 1_000)
        }
    }

    @Test(arguments: [(626, 1_500), (626, 3_000), (1_500, 9_000), (1_500, 2_000), (9_000, 65_535)])
    func `packets cut on their way to one owner all arrive`(mtu: Int, byteCount: Int) throws {
        let cluster = try cluster(mtu: mtu)
        let count = 1_200
        let step = (mtu - 50 - 20) & ~7
        let pieces = (byteCount - 20 + step - 1) / step
        try withDirectory { directory in
            let path = "\(directory)/crowd.pcap"
            try TraceFile.write(frames(count: count, byteCount: byteCount), to: path)
            for policy in [EntryPolicy.address, .node(NodeIndex(1))] {
                let report = try Replaying.replay(
                    path, through: cluster, ReplayOptions(policy: policy)
                ).report
                #expect(report.drops == [])
                #expect(report.ledger.delivered == UInt64(count * pieces))
            }
        }
    }
}
