// Goal: the outer headers that an entry node writes from its prepared words are those that Wire's
// VXLAN builder writes for the same tunnel. Method: every frame that any node sends over the underlay
// while bundled traces pass, against `VXLANEncapsulation` over the same inner frame.

import Dataplane
import Foundation
import Mesh
import Replay
import Testing
import Wire

@Suite struct TunnelTests {
    /// Compares as it watches: frames are many.
    private struct TunnelObserver: FrameObserver {
        let programs: [Program]
        var count = 0
        var requestCount = 0
        var marks: Set<UInt8> = []
        var differences: [UInt64] = []

        var isWatching: Bool { true }

        mutating func arriving(
            at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
        ) {}

        mutating func judged(
            at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
        ) {
            for index in 0..<frames.count {
                let frame = frames[index]
                guard case .transmitted(.underlay(let target)) = frame.verdict else { continue }
                count += 1
                if !matches(frame, arena.bytes(of: frame), from: node, to: target) {
                    differences.append(frame.id)
                }
            }
        }

        private mutating func matches(
            _ frame: Frame, _ bytes: RawSpan, from node: NodeIndex, to target: NodeIndex
        ) -> Bool {
            let program = programs[Int(node.rawValue)]
            let outerByteCount = program.own.vtep.isIPv4Mapped ? 50 : 70
            let inner = bytes.from(outerByteCount)
            guard let link = LinkHeader(inner) else { return false }
            let isIPv4 = link.etherType == .ipv4
            let packet = link.payload
            let trafficClass = isIPv4 ? packet.u8(1) : UInt8(packet.u16(0) >> 4 & 0xff)
            guard let underlay = underlay(program, target) else { return false }
            var sourcePort = bytes.u16(outerByteCount - 16)
            if frame.arrival == .network, frame.choice.service != .none {
                requestCount += 1
                sourcePort = UInt16(49_152 + frame.choice.hash % 16_384)
            }
            var expected = VXLANEncapsulation(
                sourceMAC: program.own.mac, destinationMAC: program[target].mac,
                underlay: underlay, sourcePort: Port(sourcePort),
                vni: VNI(rawValue: program[program.ingress].vni))
            expected.trafficClass = trafficClass & 3
            marks.insert(trafficClass & 3)
            var whole = (0..<bytes.byteCount).map { bytes.u8($0) }
            for offset in 0..<outerByteCount { whole[offset] = 0xee }
            var target = whole.rawBytes(at: 0, count: whole.count)
            expected.write(to: &target, innerByteCount: frame.wireByteCount - outerByteCount)
            return (0..<bytes.byteCount).allSatisfy { whole[$0] == bytes.u8($0) }
        }

        private func underlay(_ program: Program, _ target: NodeIndex) -> AddressPair? {
            AddressPair(
                source: program.own.vtep.unmapped, destination: program[target].vtep.unmapped)
        }
    }

    private func observe(_ fixture: Fixture, _ cluster: Cluster) throws -> TunnelObserver {
        let compilation = Compilation(cluster)
        var observer = TunnelObserver(
            programs: cluster.nodes.map { compilation.program(for: $0.id) })
        let options = ReplayOptions(policy: .roundRobin, remaps: fixture.remaps)
        try Replaying.replay(fixture.path, through: cluster, options, &observer)
        return observer
    }

    @Test(arguments: Fixture.all)
    func `outer headers are those of the VXLAN builder`(fixture: Fixture) throws {
        let observer = try observe(fixture, fixture.cluster())
        #expect(observer.count > 100)
        #expect(observer.requestCount > 50)
        #expect(observer.differences == [])
    }

    @Test func `over an IPv6 underlay too, with a UDP checksum`() throws {
        let text = try String(contentsOfFile: bundled("stacks/web.yml"), encoding: .utf8)
            .replacing("vtep: 198.51.100.", with: "vtep: 2001:db8:0:2::")
        let cluster = try Replaying.cluster(text: text, "web")
        let observer = try observe(Fixture["real.pcapng"], cluster)
        #expect(observer.count > 500)
        #expect(observer.differences == [])
    }
}
