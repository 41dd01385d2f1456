// Runs a scenario through Weft's director and says where its answers differ from the kernel's: packets
// byte for byte, with the side and in the order, listings and refusals line for line.
//
// The topology is the one the scenarios were recorded in (Tests/Oracle/README.md). Invariants that must
// hold after every step are asked after every step.

import Dataplane
import Ipvsadm
import Wire

struct FixtureRunner: ~Copyable {
    struct Difference: CustomStringConvertible, Sendable {
        var line: Int
        var what: String
        var description: String { "line \(line): \(what)" }
    }

    private var state: NodeState
    private var director: Director
    private var program: Program
    private var arena = FrameArena()
    private var frames = FrameList()
    private var host = FixtureHost()
    private var session: IpvsadmSession
    /// A tick for each step, as if no two came in the same.
    private var now: UInt64 = 1_000_000_000_000
    private(set) var frameCount = 0
    private(set) var answerCount = 0
    private(set) var listCount = 0
    private(set) var differences: [Difference] = []

    init() {
        program = Program.withoutMesh
        let key = HashKey(k0: 7, k1: 11)
        state = NodeState(for: program, key: key, flowCount: 64, flowCountMax: 64)
        director = Director(host: host.description, key: key, connectionCountMax: 1 << 14)
        session = IpvsadmSession(DirectorRules(key: key))
    }

    mutating func run(_ fixture: KernelFixture) throws {
        for step in fixture.steps {
            now += 10_000_000
            director.advance(to: now)
            try perform(step)
            if !director.checkInvariants() || !state.ledger.isBalanced {
                note(step, "an invariant does not hold")
            }
        }
    }

    private mutating func perform(_ step: KernelFixture.Step) throws {
        switch step.action {
        case .sysctl(let name, let value):
            try changeRules { rules throws(UnknownSetting) in
                try rules.settings.set(name, to: value)
            }
        case .mtu(let side, let mtu):
            host.setMTU(mtu, of: side)
            director.host = host.description
        case .mark(let proto, let address, let port, let mark):
            let rule = try MarkRule(proto: proto, address: address, port: port, mark: mark)
            changeRules { $0.append(rule) }
        case .wait(let seconds):
            now += UInt64(seconds * 1e9)
            director.advance(to: now)
        case .ipvsadm(let words, let refusal): command(words, refusal, step)
        case .list(let words, let output): list(words, output, step)
        case .inject(let packet):
            frameCount += 1
            compare(inject(packet), step)
        }
    }

    private mutating func changeRules<Failure: Error>(
        _ body: (inout DirectorRules) throws(Failure) -> Void
    ) throws(Failure) {
        try director.change(body)
    }

    private mutating func command(
        _ words: [String], _ refusal: [String]?, _ step: KernelFixture.Step
    ) {
        // The kernel that was asked has no twos; Weft has.
        if refusal != nil, words.contains("twos") { return }
        var message = ""
        do {
            let command = try IpvsadmCommand(words)
            try changeRules { rules throws(IpvsadmError) in try rules.apply(command) }
        } catch {
            message = error.message
        }
        let expected = refusal?.joined(separator: "\n") ?? ""
        if message != expected { note(step, "refused with '\(message)', kernel '\(expected)'") }
    }

    private mutating func list(
        _ words: [String], _ expected: [String], _ step: KernelFixture.Step
    ) {
        listCount += 1
        session.rules = director.rules
        session.connections = director.connectionEntries()
        let outcome = session.run(words)
        var lines = outcome.output.split(separator: "\n").map(String.init)
        if words.contains(where: { $0.hasPrefix("-L") && $0.contains("c") }) {
            lines = Array(lines.prefix(2)) + lines.dropFirst(2).map(Self.maskCountdown).sorted()
        }
        let listed = lines.map { $0.trimmed }
        let kernel = expected == [""] ? [] : expected.map { $0.trimmed }
        if listed != kernel {
            note(
                step,
                "list \(words.joined(separator: " ")):\n" + listed.joined(separator: "\n")
                    + "\nkernel:\n" + expected.joined(separator: "\n") + outcome.message)
        }
    }

    /// The third column of a connection, whose value depends on the hundredth.
    private static func maskCountdown(_ line: String) -> String {
        guard let colon = line.firstIndex(of: ":"),
            let start = line[..<colon].lastIndex(of: " "),
            let end = line[colon...].firstIndex(of: " ")
        else { return line }
        return line[...start] + "MM:SS" + line[end...]
    }

    private mutating func note(_ step: KernelFixture.Step, _ what: String) {
        differences.append(Difference(line: step.line, what: what))
    }
}

extension FixtureRunner {
    /// Sends a packet in; what the director sends out, the client's side first.
    private mutating func inject(_ packet: KernelFixture.Packet) -> [KernelFixture.Packet] {
        let isIPv4 = packet.bytes[0] >> 4 == 4
        let link = EthernetFields.byteCount
        guard let offset = arena.append(packet.bytes.span.raw, prefix: link) else { return [] }
        let byteCount = link + packet.bytes.count
        let frame = Frame(
            offset: offset, byteCount: byteCount, wireByteCount: byteCount,
            id: UInt64(frameCount), arrival: .network)
        var bytes = arena.mutableBytes(of: frame)
        EthernetFields(
            destination: MACAddress(rawValue: 2), source: MACAddress(rawValue: 1),
            etherType: isIPv4 ? .ipv4 : .ipv6
        ).write(to: &bytes)
        frames.append(frame)
        process(
            &frames, in: &arena, director: &director, program: program, state: &state, now: now)
        var answers: [KernelFixture.Packet] = []
        for side in [KernelFixture.Side.client, .server] {
            for index in 0..<frames.count
            where frames[index].verdict == .transmitted(.link(FixtureHost.link(to: side))) {
                let sent = arena.bytes(of: frames[index])
                answers.append(
                    .init(side: side, bytes: (link..<sent.byteCount).map { sent.u8($0) }))
            }
        }
        frames.removeAll()
        arena.removeAll()
        return answers
    }

    private mutating func compare(
        _ answers: [KernelFixture.Packet], _ step: KernelFixture.Step
    ) {
        answerCount += step.answers.count
        let ours = answers.map { ($0.side, KernelRandomness.masked($0.bytes)) }
        let kernels = step.answers.map { ($0.side, KernelRandomness.masked($0.bytes)) }
        guard ours.elementsEqual(kernels, by: ==) else {
            return note(
                step,
                "sent\n\(ours.map(Self.text).joined(separator: "\n"))\nkernel\n"
                    + kernels.map(Self.text).joined(separator: "\n"))
        }
    }

    private static func text(_ packet: (KernelFixture.Side, [UInt8])) -> String {
        let hex = packet.1.map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }
        return "  \(packet.0.rawValue) \(hex.joined())"
    }
}

extension String {
    /// Without spaces at the end, which the recorder cut off.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
