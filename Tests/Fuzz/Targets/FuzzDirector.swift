// A director under IP packets of any bytes, between changes of its rules. The input is a script
// (ScriptRecord.swift) whose frames are IP packets without a link header; a command is a line of
// ipvsadm, or `sysctl NAME=VALUE` or `mark PROTOCOL ADDRESS:PORT=MARK`.
//
// Invariant after every run: each frame judged, the ledger balanced, the tables' counts those of their
// entries, and no checksum that was right has become wrong.

import Dataplane
import Ipvsadm
import Wire

/// Few enough that an input can fill the tables.
private let connectionCountMax = 64

func fuzzDirector(_ bytes: [UInt8]) -> String? {
    guard let host = FuzzedDirector.host else { return "there is no host to fuzz" }
    var fuzzed = FuzzedDirector(host)
    var script = bytes[...]
    while let record = ScriptRecord(&script) {
        if let complaint = fuzzed.take(record, isLast: script.isEmpty) { return complaint }
    }
    return nil
}

private struct FuzzedDirector: ~Copyable {
    static let host = try? DirectorHost(
        links: [
            "name=client,address=10.1.0.1/16,address=fd01::1/64",
            "name=server,mtu=1400,address=10.2.0.1/16,address=fd02::1/64",
        ],
        addresses: ["10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2"],
        for: DirectorRules(key: HashKey(k0: 1, k1: 2)))

    private var state: NodeState
    private var director: Director
    private let program = Program.withoutMesh
    private var arena = FrameArena()
    private var frames = FrameList()
    private var judge = FrameJudge(mayMend: true)
    private var now: UInt64 = 1_000_000_000
    private var hasTunnels = false

    init(_ host: DirectorHost) {
        let key = HashKey(k0: 3, k1: 4)
        state = NodeState(for: program, key: key, flowCount: 64, flowCountMax: 64)
        director = Director(host: host, key: key, connectionCountMax: connectionCountMax)
    }

    mutating func take(_ record: ScriptRecord, isLast: Bool) -> String? {
        now += UInt64(record.seconds) * 1_000_000_000
        if record.isCommand {
            if let complaint = run() { return complaint }
            obey(record.frame)
        } else {
            put(record)
            guard record.isRunWanted || isLast || frames.count >= Limits.batchFrameCount else {
                return nil
            }
        }
        return run()
    }

    private mutating func run() -> String? {
        process(
            &frames, in: &arena, director: &director, program: program, state: &state, now: now)
        judge.judged(at: NodeIndex(0), frames, arena)
        frames.removeAll()
        arena.removeAll()
        guard director.checkInvariants() && state.ledger.isBalanced else {
            return "an invariant of the director does not hold"
        }
        return judge.complaint
    }

    private mutating func obey(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let words = text.split(separator: " ").map(String.init)
        let rest = words.dropFirst().joined(separator: " ")
        let before = director.rules.savedText
        do {
            try director.change { rules throws in
                switch words.first {
                case "sysctl": try rules.settings.set(sysctl: rest)
                case "mark": rules.append(try MarkRule(text: rest))
                default: try rules.apply(try IpvsadmCommand(words))
                }
            }
        } catch {
            if director.rules.savedText != before { judge.complain("an error changes the rules") }
        }
        hasTunnels = hasTunnels || words.contains("-i")
    }

    private mutating func put(_ record: ScriptRecord) {
        let etherType: EtherType = (record.frame.first ?? 0) >> 4 == 6 ? .ipv6 : .ipv4
        var bytes = [UInt8](repeating: 0, count: EthernetFields.byteCount) + record.frame
        var span = bytes.mutableSpan
        var raw = span.raw
        EthernetFields(
            destination: MACAddress(rawValue: 2), source: MACAddress(rawValue: 1),
            etherType: etherType
        ).write(to: &raw)
        if record.isMended { mendHeaderChecksum(&bytes) }
        guard let offset = arena.append(bytes.span.raw) else { return }
        let isWhole = !record.isCut && !hasTunnels
        frames.append(
            Frame(
                offset: offset, byteCount: bytes.count,
                wireByteCount: bytes.count + (record.isCut ? 1_000 : 0),
                id: judge.register(bytes, isWhole: isWhole), arrival: .network))
    }
}
