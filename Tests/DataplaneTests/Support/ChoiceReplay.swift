// A kernel fixture run through a director's rules and `ChoiceModel`, noting where the two differ.
// Only choices are compared here; packets and listings are DirectorTests' work.

import Dataplane
import Wire

struct ChoiceReplay {
    private let fixture: KernelFixture
    private var model = ChoiceModel()
    private var step = 0
    private(set) var findings: [String] = []
    /// Packets of clients, servers in listings, and refusals.
    private(set) var comparedCount = 0

    init(_ fixture: KernelFixture) {
        self.fixture = fixture
        model.rules.broadcasts = [IPv4Address(10, 1, 255, 255), IPv4Address(10, 2, 255, 255)]
    }

    /// Runs until the first step that the model does not know.
    mutating func run() {
        for (index, next) in fixture.steps.enumerated() {
            step = index
            switch next {
            case .change(let change):
                guard !change.isBeyondModel else { return }
                apply(change)
            case .refusal(let change): refuse(change)
            case .wait(let seconds): model.now += UInt64(seconds * 100)
            case .mark(let mark): model.rules.append(mark)
            case .setting(let name, let value):
                guard set(name, value) else { return }
            case .packet(let packet, let isFromClient, let answers):
                guard let packet else { continue }
                if isFromClient {
                    receive(packet, answers)
                } else {
                    model.receiveReply(packet)
                }
            case .listing(let lines): compare(lines)
            case .other(let line) where line.hasPrefix("list"): continue
            case .other: return
            }
        }
    }

    private mutating func apply(_ change: RuleChange) {
        do {
            try change.apply(to: &model.rules)
        } catch {
            note("\(change) is refused: \(error)")
        }
        model.expireWithoutServer()
        if !model.rules.checkInvariants() { note("invariants do not hold") }
    }

    /// Some are refused by ipvsadm itself, which Weft's leaves to its own parser: those with broken
    /// rules of ipvsadm's are not in the fixtures that are replayed here.
    private mutating func refuse(_ change: RuleChange) {
        comparedCount += 1
        do {
            try change.apply(to: &model.rules)
            note("\(change) is not refused")
        } catch {}
    }

    private mutating func set(_ name: String, _ value: UInt32) -> Bool {
        switch name {
        case "conn_reuse_mode": model.connReuseMode = value
        case "expire_nodest_conn": model.expiresWithoutServer = value != 0
        case "sloppy_tcp": model.isSloppy = value != 0
        case "lblc_expiration": model.rules.settings.lblcExpiration = value
        case "lblcr_expiration": model.rules.settings.lblcrExpiration = value
        default: return false
        }
        return true
    }

    private mutating func receive(_ packet: TransportPacket, _ answers: [KernelFixture.Answer]) {
        let outcome = model.receive(packet)
        let emitted = answers.first { !$0.isToClient }
        comparedCount += 1
        switch outcome {
        case .unserved, .lost:
            // What goes to the director itself goes nowhere but to a server.
            if emitted != nil { note("\(outcome), the kernel chose \(emitted!)") }
        case .served(let index, _):
            let server = model.rules.servers[Int(index.rawValue)]
            guard let emitted else { return note("served by \(server.rule), the kernel by none") }
            guard server.rule.method == .masquerade, let emitted = emitted.packet else { return }
            let port =
                server.rule.port == Port(0) ? packet.destinationPort : server.rule.port
            if emitted.destination != IPv6Address(server.rule.address)
                || emitted.destinationPort != port
            {
                note("\(server.rule.address), the kernel chose \(emitted.destination)")
            }
        }
    }

    /// Rows of a listing say `-> ADDRESS:PORT METHOD WEIGHT ACTIVE INACTIVE`, those of services the
    /// protocol or FWM.
    private mutating func compare(_ lines: [String]) {
        var theirs: Set<String> = []
        var service = ""
        for line in lines.dropFirst(3) {
            let words = line.split(separator: " ").map(String.init)
            if words.first == "->", words.count == 6 {
                let place = RuleOptions.endpoint(words[1]).map(Self.text) ?? words[1]
                theirs.insert(([service, place] + words[3...]).joined(separator: " "))
            } else {
                service = words.prefix(words.contains("IPv6") ? 3 : 2).joined(separator: " ")
            }
        }
        let ours = rows()
        comparedCount += theirs.count
        for row in theirs.subtracting(ours).sorted() { note("only the kernel lists \(row)") }
        for row in ours.subtracting(theirs).sorted() { note("the kernel does not list \(row)") }
    }

    private func rows() -> Set<String> {
        var rows: Set<String> = []
        for service in model.rules.virtualServers where service.isPresent {
            for index in service.order {
                let server = model.rules.servers[Int(index.rawValue)]
                let place = Self.text(server.rule.address, server.rule.port)
                rows.insert(
                    "\(Self.text(service.rule.key)) \(place) \(server.rule.weight)"
                        + " \(server.activeCount) \(server.inactiveCount)")
            }
        }
        return rows
    }

    private static func text(_ key: VirtualServerKey) -> String {
        switch key {
        case .address(let address, let port, let proto):
            "\(proto == .tcp ? "TCP" : proto == .udp ? "UDP" : "SCTP") \(text(address, port))"
        case .mark(let mark, let isIPv4): isIPv4 ? "FWM \(mark)" : "FWM \(mark) IPv6"
        }
    }

    private static func text(_ address: IPAddress, _ port: Port) -> String {
        switch address {
        case .v4(let address): "\(address):\(port)"
        case .v6(let address): "[\(address)]:\(port)"
        }
    }

    private mutating func note(_ finding: String) {
        findings.append("\(fixture.name), step \(step): \(finding)")
    }
}
