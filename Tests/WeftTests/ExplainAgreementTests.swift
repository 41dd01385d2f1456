// Goal: what `weft explain` says is what `weft replay` does. Method: 200 random flows, replayed as a
// trace of packets built here, against the explanation of each flow's text; and packets of a real
// trace, explained one by one, against one replay of the whole. The hash and the slot are computed
// again, naively, from the bytes of the key that the explanation shows.

import Capture
import Compose
import Dataplane
import Foundation
import Mesh
import Replay
import Testing
import Wire

@Suite struct ExplainAgreementTests {
    /// What a flow is, and where it goes.
    private struct Sample {
        var proto: IPProtocol
        var client: IPAddress
        var clientPort: Wire.Port
        var node: IPAddress
        var port: Wire.Port

        var text: String {
            func end(_ address: IPAddress, _ port: Wire.Port) -> String {
                if case .v6 = address { return "[\(address)]:\(port)" }
                return "\(address):\(port)"
            }
            return "\(proto) \(end(client, clientPort)) -> \(end(node, port))"
        }
    }

    /// Notes every frame's last verdict, by number.
    private struct VerdictObserver: FrameObserver {
        var verdicts: [UInt64: Verdict] = [:]
        var isWatching: Bool { true }

        mutating func arriving(
            at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
        ) {}

        mutating func judged(
            at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
        ) {
            for index in 0..<frames.count where !frames[index].isGenerated {
                verdicts[frames[index].id] = frames[index].verdict
            }
        }
    }

    private func cluster(_ name: String) throws -> Cluster {
        let path = WeftProcess.data("stacks/\(name).yml")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return try ComposeLoader.load(text, file: path, options: ComposeOptions(stack: name))
            .assemble()
    }

    private func verdicts(
        _ cluster: Cluster, _ path: String, _ policy: EntryPolicy
    ) throws -> [UInt64: Verdict] {
        var replayer = try Replayer(cluster, ReplayOptions(policy: policy))
        var observer = VerdictObserver()
        try replayer.replay(path: path, observer: &observer, clock: { 0 })
        let holds = replayer.runner.checkInvariants()
        #expect(holds)
        return observer.verdicts
    }

    @Test(arguments: ["web", "dual-stack", "voting"])
    func `the task of a flow is the task that a replay delivers to`(stack: String) throws {
        let cluster = try cluster(stack)
        var random = SplitMix64(state: 0x5eed)
        let samples = (0..<200).map { _ in Self.sample(cluster, &random) }
        let trace = Self.trace(samples.map(Self.packet))
        let replayed = try WeftProcess.withFile("flows.pcap", Data(trace)) { path in
            try verdicts(cluster, path, .roundRobin)
        }
        #expect(replayed.count == samples.count)
        var tasks: Set<EndpointIndex> = []
        for (index, sample) in samples.enumerated() {
            var explainer = Explainer(cluster)
            let aim = try FlowAim(
                try FlowText(sample.text), sample.text, explainer.compilation)
            let explanation = explainer.explain(aim, entry: .hash)
            let choice = try #require(explanation.decision?.choice, "\(sample.text)")
            #expect(explanation.hops.last?.verdict == .delivered(choice.endpoint))
            #expect(replayed[UInt64(index + 1)] == .delivered(choice.endpoint), "\(sample.text)")
            #expect(explanation.answer.last?.verdict == .transmitted(.clients))
            try checkDecision(explanation, cluster)
            tasks.insert(choice.endpoint)
        }
        #expect(tasks.count > 4)
    }

    /// The shown bytes hash to the shown hash, the hash leads to the shown slot, and the answer
    /// leaves from where the client had sent to.
    private func checkDecision(_ explanation: Explanation, _ cluster: Cluster) throws {
        let decision = try #require(explanation.decision)
        let flow = try #require(decision.flow)
        let choice = try #require(decision.choice)
        let key = cluster.settings.hashKey
        #expect(NaiveSipHash.hash(flow.bytes, key.k0, key.k1) == choice.hash)
        let (product, _) = (choice.hash >> 32).multipliedReportingOverflow(
            by: UInt64(decision.slotCount))
        #expect(UInt64(choice.slot) == product / (1 << 32))
        #expect(decision.shares.reduce(0) { $0 + $1.slotCount } == Int(decision.slotCount))
        let sent = try #require(explanation.packet.first { $0.name.hasPrefix("IPv") })
        let answered = try #require(
            explanation.answer.last?.after.first { $0.name.hasPrefix("IPv") })
        #expect(answered["source"] == sent["destination"])
        #expect(answered["destination"] == sent["source"])
        #expect(explanation.flow?.isNew == true)
        #expect("\(try #require(explanation.flow).origin.address.unmapped)" == sent["destination"])
        for hop in explanation.hops + explanation.answer {
            for line in hop.before + hop.after {
                #expect(!line.isMalformed && line["checksum"]?.contains("wrong") != true)
            }
        }
    }

    @Test(arguments: [
        ("web", "real.pcap", 6_762), ("web", "malformed.pcap", 577),
        ("dual-stack", "dual-stack.pcap", 1_574),
        ("web", "real-cooked.pcap", 266),
    ])
    func `a packet of a trace ends as it does in a replay`(
        stack: String, trace: String, count: Int
    ) throws {
        let cluster = try cluster(stack)
        let path = WeftProcess.data("traces/\(trace)")
        let replayed = try verdicts(cluster, path, .address)
        for number in stride(from: 1, through: count, by: max(1, count / 40)) {
            var explainer = Explainer(cluster)
            let explanation = try explainer.explain(packet: number, of: path, entry: .address)
            let last = explanation.hops.last { !$0.isGenerated }
            let expected = replayed[UInt64(number)]
            // What was held here is released later in the replay, by its first fragment.
            guard last?.verdict != .held else { continue }
            #expect(last?.verdict == expected, "packet \(number)")
            #expect((explanation.skip != nil) == (expected == nil), "packet \(number)")
        }
    }

    @Test func `every drop of the malformed trace has its byte within the packet`() throws {
        let cluster = try cluster("web")
        let path = WeftProcess.data("traces/malformed.pcap")
        var reader = try CaptureReader(path: path)
        var record = PacketRecord()
        var reasons: Set<Drop> = []
        var number = 0
        while try reader.next(&record) {
            number += 1
            guard number % 3 == 1 else { continue }
            var explainer = Explainer(cluster)
            let explanation = try explainer.explain(packet: number, of: path, entry: .address)
            guard let hop = explanation.hops.first, case .dropped(let drop) = hop.verdict else {
                continue
            }
            reasons.insert(drop)
            let place = try #require(hop.place, "packet \(number), \(drop)")
            #expect(place.offset <= record.capturedByteCount, "packet \(number), \(drop)")
            if drop == .badHeaderChecksum {
                let header = try #require(hop.before.first { $0.name == "IPv4" })
                #expect(header["checksum"]?.hasSuffix("(wrong)") == true)
                #expect(place.offset == header.offset + 10)
            }
            if drop == .malformedExtension {
                #expect(hop.before.last?.isMalformed == true)
                #expect(hop.before.last?.offset == place.offset)
            }
            if drop == .tooManyTags { #expect(place.offset == 20) }
        }
        #expect(reasons.count > 10)
    }

    @Test func `a number beyond the trace is an error that says how many there are`() throws {
        var explainer = Explainer(try cluster("web"))
        let path = WeftProcess.data("traces/real-cooked.pcap")
        #expect(throws: ExplainError.noSuchPacket(267, path: path, count: 266)) {
            try explainer.explain(packet: 267, of: path, entry: .address)
        }
    }
}

// Packets made here, not by what is tested.
extension ExplainAgreementTests {
    private static func sample(_ cluster: Cluster, _ random: inout SplitMix64) -> Sample {
        let ports = cluster.services.flatMap(\.ports).filter { $0.mode == .ingress }
        let port = ports[Int.random(in: 0..<ports.count, using: &random)]
        let node = cluster.nodes[Int.random(in: 0..<cluster.nodes.count, using: &random)]
        let address = node.addresses[Int.random(in: 0..<node.addresses.count, using: &random)]
        let client: IPAddress
        if case .v4 = address {
            client = .v4(IPv4Address(203, 0, 113, UInt8.random(in: 1...254, using: &random)))
        } else {
            client = .v6(
                IPv6Address(
                    high: 0x2001_0db8_0000_0003, low: UInt64.random(in: 1...(.max), using: &random))
            )
        }
        return Sample(
            proto: port.proto, client: client,
            clientPort: Wire.Port(UInt16.random(in: 1...(.max), using: &random)), node: address,
            port: port.published)
    }

    /// The first packet of a flow: 40 bytes of zeros behind the ports serve as any transport, with
    /// what each protocol needs to be taken for an opening.
    private static func packet(_ sample: Sample) -> [UInt8] {
        var transport = [UInt8](repeating: 0, count: 40)
        transport[0] = UInt8(sample.clientPort.rawValue >> 8)
        transport[1] = UInt8(sample.clientPort.rawValue & 0xff)
        transport[2] = UInt8(sample.port.rawValue >> 8)
        transport[3] = UInt8(sample.port.rawValue & 0xff)
        switch sample.proto {
        case .tcp: (transport[12], transport[13]) = (0x50, 0x02)
        case .udp: transport[5] = 40
        default: (transport[12], transport[15]) = (1, 28)
        }
        var header: [UInt8]
        switch (sample.client, sample.node) {
        case (.v4(let client), .v4(let node)):
            header = [UInt8](repeating: 0, count: 20)
            var bytes = header.rawBytes(at: 0, count: 20)
            IPv4Fields(
                source: client, destination: node, proto: sample.proto, payloadByteCount: 40
            ).write(to: &bytes)
        case (.v6(let client), .v6(let node)):
            header = [UInt8](repeating: 0, count: 40)
            var bytes = header.rawBytes(at: 0, count: 40)
            IPv6Fields(
                source: client, destination: node, nextHeader: sample.proto, payloadByteCount: 40
            ).write(to: &bytes)
        default: header = []
        }
        return header + transport
    }

    /// A pcap file of raw IP packets, a millisecond apart.
    private static func trace(_ packets: [[UInt8]]) -> [UInt8] {
        func little(_ value: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) }
        }
        var file = little(0xa1b2_c3d4) + [2, 0, 4, 0] + little(0) + little(0) + little(65_535)
        file += little(101)
        for (index, packet) in packets.enumerated() {
            let count = UInt32(packet.count)
            file += little(1_700_000_000) + little(UInt32(index) * 1_000) + little(count)
            file += little(count) + packet
        }
        return file
    }
}

/// SipHash-1-3 as the paper writes it, byte by byte: nothing shared with the data plane's.
enum NaiveSipHash {
    static func hash(_ message: [UInt8], _ k0: UInt64, _ k1: UInt64) -> UInt64 {
        var v: [UInt64] = [
            k0 ^ 0x736f_6d65_7073_6575, k1 ^ 0x646f_7261_6e64_6f6d, k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ]
        func rotate(_ x: UInt64, _ n: UInt64) -> UInt64 { (x << n) | (x >> (64 - n)) }
        func round() {
            v[0] &+= v[1]
            v[1] = rotate(v[1], 13) ^ v[0]
            v[0] = rotate(v[0], 32)
            v[2] &+= v[3]
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] &+= v[3]
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] &+= v[1]
            v[1] = rotate(v[1], 17) ^ v[2]
            v[2] = rotate(v[2], 32)
        }
        var padded = message
        while padded.count % 8 != 7 { padded.append(0) }
        padded.append(UInt8(truncatingIfNeeded: message.count))
        for start in stride(from: 0, to: padded.count, by: 8) {
            var word: UInt64 = 0
            for index in 0..<8 { word |= UInt64(padded[start + index]) << UInt64(index * 8) }
            v[3] ^= word
            round()
            v[0] ^= word
        }
        v[2] ^= 0xff
        for _ in 0..<3 { round() }
        return v[0] ^ v[1] ^ v[2] ^ v[3]
    }
}
