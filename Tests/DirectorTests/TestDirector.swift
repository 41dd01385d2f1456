// A director on the host of the recorded scenarios, driven by ipvsadm's words and by segments of one
// client, for tests that ask for verdicts.

import Dataplane
import Ipvsadm
import Wire

struct TestDirector: ~Copyable {
    private var state: NodeState
    private var director: Director
    private let program = Program.withoutMesh
    private var arena = FrameArena()
    private var frames = FrameList()
    private var now: UInt64 = 1_000_000_000_000

    init(connectionCountMax: Int) {
        let key = HashKey(k0: 3, k1: 5)
        state = NodeState(for: program, key: key, flowCount: 64, flowCountMax: 64)
        director = Director(
            host: FixtureHost().description, key: key, connectionCountMax: connectionCountMax)
    }

    var ledger: Ledger { state.ledger }

    func checkInvariants() -> Bool { director.checkInvariants() }

    mutating func ipvsadm(_ line: String) throws {
        let command = try IpvsadmCommand(line.split(separator: " ").map(String.init))
        try director.change { rules throws(IpvsadmError) in try rules.apply(command) }
    }

    mutating func settings(_ body: (inout DirectorSettings) -> Void) {
        director.change { body(&$0.settings) }
    }

    /// What becomes of a client's segment, a hundredth of a second after the last one.
    mutating func judge(_ segment: TestSegment) -> Verdict? {
        now += 10_000_000
        let bytes = segment.frame
        guard let offset = arena.append(bytes.span.raw) else { return nil }
        frames.append(
            Frame(
                offset: offset, byteCount: bytes.count, wireByteCount: bytes.count, id: 0,
                arrival: .network))
        process(
            &frames, in: &arena, director: &director, program: program, state: &state, now: now)
        let verdict = frames[0].verdict
        frames.removeAll()
        arena.removeAll()
        return verdict
    }
}

/// A TCP segment from a client to a virtual server, in an Ethernet frame.
struct TestSegment {
    var flags: TCPFlags
    var clientPort: UInt16
    var destination = IPv4Address(10, 0, 0, 1)
    /// IPv4 options, a multiple of four bytes.
    var options: [UInt8] = []

    init(_ flags: TCPFlags, clientPort: UInt16 = 4_000) {
        self.flags = flags
        self.clientPort = clientPort
    }

    var frame: [UInt8] {
        let network = EthernetFields.byteCount
        let headerByteCount = 20 + options.count
        var bytes = [UInt8](repeating: 0, count: network + headerByteCount + 20)
        var header: [UInt8] = [
            0x40 | UInt8(headerByteCount / 4), 0, 0, UInt8(headerByteCount + 20), 0, 0, 0, 0, 64,
            6, 0, 0, 10, 1, 0, 2,
        ]
        header += Self.bytes(destination.rawValue) + options
        let checksum = Checksum.of(header.span.raw)
        header[10] = UInt8(checksum >> 8)
        header[11] = UInt8(checksum & 0xff)
        let ports = Self.bytes(UInt32(clientPort) << 16 | 80)
        let segment = ports + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags.rawValue, 0xff, 0xff]
        bytes.replaceSubrange(12..<14, with: [0x08, 0x00])
        bytes.replaceSubrange(network..<network + headerByteCount, with: header)
        let transport = network + headerByteCount
        bytes.replaceSubrange(transport..<transport + segment.count, with: segment)
        return bytes
    }

    private static func bytes(_ word: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
    }
}
