// One ipvsadm command of a fixture as a change of a director's rules. Defaults are ipvsadm's: weight
// 1, direct routing, 300 seconds of persistence by whole addresses.

import Dataplane
import Wire

enum RuleChange {
    case addService(VirtualServerRule)
    case editService(VirtualServerRule)
    case deleteService(VirtualServerKey)
    case addServer(RealServerRule, VirtualServerKey)
    case editServer(RealServerRule, VirtualServerKey)
    case deleteServer(IPAddress, Port, VirtualServerKey)
    case clear
    case zero

    init?(_ words: [String]) {
        var options = RuleOptions()
        guard options.read(words[...]) else { return nil }
        if options.command == "-C" {
            self = .clear
            return
        }
        if options.command == "-Z" {
            self = .zero
            return
        }
        guard let key = options.key else { return nil }
        let service = VirtualServerRule(
            key, scheduler: options.scheduler, flags: options.flags,
            persistence: options.persistence.map {
                Persistence(timeoutSeconds: $0, prefixLength: key.isIPv4 ? 32 : 128)
            }, isOnePacket: options.isOnePacket)
        switch (options.command, options.server) {
        case ("-A", nil): self = .addService(service)
        case ("-E", nil): self = .editService(service)
        case ("-D", nil): self = .deleteService(key)
        case ("-a", let server?): self = .addServer(options.rule(server), key)
        case ("-e", let server?): self = .editServer(options.rule(server), key)
        case ("-d", let server?): self = .deleteServer(server.address, server.port, key)
        default: return nil
        }
    }

    /// Persistence and single packets take more than a model of choices.
    var isBeyondModel: Bool {
        switch self {
        case .addService(let rule), .editService(let rule):
            rule.persistence != nil || rule.isOnePacket
        default: false
        }
    }

    func apply(to rules: inout DirectorRules) throws(RuleError) {
        switch self {
        case .addService(let rule): try rules.add(rule)
        case .editService(let rule): try rules.edit(rule)
        case .deleteService(let key): try rules.delete(key)
        case .addServer(let rule, let key): try rules.add(rule, to: key)
        case .editServer(let rule, let key): try rules.edit(rule, of: key)
        case .deleteServer(let address, let port, let key):
            try rules.delete(address, port, from: key)
        case .clear: rules.deleteAll()
        case .zero: try rules.zero()
        }
    }
}

struct RuleOptions {
    var command = ""
    var key: VirtualServerKey?
    var server: (address: IPAddress, port: Port)?
    var scheduler = Scheduler.weightedLeastConnection
    var flags: SchedulerFlags = []
    var persistence: UInt32?
    var isOnePacket = false
    var method = ForwardingMethod.directRouting
    var weight: Int32 = 1
    var upper: UInt32 = 0
    var lower: UInt32 = 0

    func rule(_ server: (address: IPAddress, port: Port)) -> RealServerRule {
        RealServerRule(
            server.address, server.port, method: method, weight: weight, upperThreshold: upper,
            lowerThreshold: lower)
    }

    mutating func read(_ words: ArraySlice<String>) -> Bool {
        var rest = words
        while let word = rest.popFirst() {
            switch word {
            case "-A", "-E", "-D", "-a", "-e", "-d", "-C", "-Z": command = word
            case "-m": method = .masquerade
            case "-g": method = .directRouting
            case "-i": method = .tunnel(.ipip, .none)
            case "-o": isOnePacket = true
            case "-6":
                guard case .mark(let mark, _) = key else { return false }
                key = .mark(mark, isIPv4: false)
            case "-p": persistence = rest.first.flatMap(UInt32.init) == nil ? 300 : number(&rest)
            default:
                guard let value = rest.popFirst(), read(word, value) else { return false }
            }
        }
        return true
    }

    private func number(_ rest: inout ArraySlice<String>) -> UInt32? {
        rest.popFirst().flatMap(UInt32.init)
    }

    private mutating func read(_ option: String, _ value: String) -> Bool {
        switch option {
        case "-t", "-u", "--sctp-service":
            guard let (address, port) = Self.endpoint(value) else { return false }
            let proto = option == "-t" ? IPProtocol.tcp : option == "-u" ? .udp : .sctp
            key = .address(address, port, proto)
        case "-f": key = UInt32(value).map { .mark($0, isIPv4: true) }
        case "-r": server = Self.endpoint(value)
        case "-s": Scheduler(rawValue: value).map { scheduler = $0 }
        case "-w": weight = Int32(value) ?? -1
        case "-x": upper = UInt32(value) ?? 0
        case "-y": lower = UInt32(value) ?? 0
        case "-b":
            if value.contains("fallback") { flags.insert(.fallback) }
            if value.contains("port") { flags.insert(.port) }
        default: return false
        }
        return true
    }

    static func endpoint(_ text: String) -> (address: IPAddress, port: Port)? {
        guard let colon = text.lastIndex(of: ":"),
            let port = Port(text[text.index(after: colon)...]),
            let address = IPAddress(text[..<colon].filter { $0 != "[" && $0 != "]" })
        else { return nil }
        return (address, port)
    }
}
