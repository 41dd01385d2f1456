// One random history of a director's rules and of `NaiveRules`, step by step; where they differ is a
// finding.

import Dataplane
import Wire

struct RuleRun {
    private struct Binding {
        var identity: Int
        var index: RealServerIndex
        var isTemplate: Bool
        var isActive: Bool
    }

    private var generator: SeededGenerator
    private var rules = DirectorRules(key: HashKey(k0: 3, k1: 4))
    private var naive = NaiveRules()
    private var bindings: [Binding] = []
    private var now: UInt64 = 0
    private(set) var refusedCount = 0
    private(set) var takenUpCount = 0
    private(set) var freedCount = 0
    private var outcome: String?

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func step() {
        outcome = nil
        switch generator.number(0...99) {
        case 0..<6: addService()
        case 6..<10: editService()
        case 10..<13: deleteService()
        case 13: if generator.number(0...9) == 0 { clear() }
        case 14..<32: addServer()
        case 32..<42: editServer()
        case 42..<52: deleteServer()
        case 52..<56: changeMarks()
        case 56..<76: bind()
        case 76..<92: unbind()
        case 92..<98: changeState()
        default: pass()
        }
    }

    /// What the two do not agree on.
    mutating func difference() -> String? {
        if let outcome { return outcome }
        if !rules.checkInvariants() { return "invariants" }
        guard rules.virtualServers.count(where: \.isPresent) == naive.services.count else {
            return "services"
        }
        for service in naive.services {
            guard let place = rules.index(of: service.rule.key) else { return "a service" }
            let other = rules.virtualServers[Int(place.rawValue)]
            guard other.rule == service.rule, other.order.count == service.servers.count else {
                return "\(other.rule) and \(service.rule)"
            }
            for (index, server) in zip(other.order, service.servers)
            where !isSame(rules.servers[Int(index.rawValue)], server) {
                return "\(rules.servers[Int(index.rawValue)]) and \(server)"
            }
        }
        return lookupDifference()
    }

    private func isSame(_ server: RealServer, _ other: NaiveRules.Server) -> Bool {
        server.rule == other.rule && server.activeCount == other.active
            && server.inactiveCount == other.inactive
            && server.persistentCount == other.templates
            && server.isOverloaded == other.isOverloaded
    }

    private mutating func lookupDifference() -> String? {
        let proto: IPProtocol = generator.number(0...1) == 0 ? .tcp : .udp
        let isIPv4 = generator.number(0...1) == 0
        let address = virtualAddress(isIPv4: isIPv4)
        let port = [Port(0), Port(20), Port(21), Port(80), Port(81), Port(1_023), Port(1_024)][
            generator.number(0...6)]
        let mark = rules.mark(
            proto: proto, destination: IPv6Address(address), destinationPort: port)
        if mark != naive.mark(proto, address, port) { return "mark" }
        let found = rules.find(
            mark: mark, isIPv4: isIPv4, proto: proto, destination: IPv6Address(address),
            destinationPort: port)
        let expected = naive.find(mark, proto, address, port)
        let key = found.map { rules.virtualServers[Int($0.rawValue)].rule.key }
        if key != expected.map({ naive.services[$0].rule.key }) { return "find" }
        let server = serverAddress(isIPv4: isIPv4)
        let isMasqueraded = rules.isMasqueraded(
            proto: proto, address: IPv6Address(server), port: Port(80))
        return isMasqueraded == naive.isMasqueraded(proto, server, Port(80)) ? nil : "masquerading"
    }
}

// MARK: Changes

extension RuleRun {
    private mutating func check(
        _ expected: RuleError?, _ body: (inout DirectorRules) throws(RuleError) -> Void
    ) {
        var error: RuleError?
        do { try body(&rules) } catch let thrown { error = thrown }
        if error != nil { refusedCount += 1 }
        if error != expected {
            outcome = "\(String(describing: error)) and \(String(describing: expected))"
        }
    }

    private mutating func addService() {
        let rule = serviceRule(key())
        let expected: RuleError? = naive.position(rule.key) == nil ? nil : .serviceExists
        if expected == nil { naive.services.append(NaiveRules.Service(rule: rule)) }
        check(expected) { (rules) throws(RuleError) in try rules.add(rule) }
    }

    private mutating func editService() {
        let rule = serviceRule(key())
        if let place = naive.position(rule.key) { naive.services[place].rule = rule }
        let expected: RuleError? = naive.position(rule.key) == nil ? .noSuchService : nil
        check(expected) { (rules) throws(RuleError) in try rules.edit(rule) }
    }

    private mutating func deleteService() {
        let key = key()
        let expected = naive.delete(key)
        check(expected) { (rules) throws(RuleError) in try rules.delete(key) }
    }

    private mutating func clear() {
        for service in naive.services { _ = naive.delete(service.rule.key) }
        rules.deleteAll()
    }

    private mutating func addServer() {
        var key = key()
        var rule = serverRule(key)
        if generator.number(0...2) == 0, let old = naive.deleted.randomElement(using: &generator) {
            key = old.key
            rule = serverRule(key)
            rule.address = old.server.rule.address
            rule.method = old.server.rule.method
        }
        let places = rules.servers.count
        let deletedCount = naive.deleted.count
        let expected = naive.add(rule, to: key)
        if naive.deleted.count < deletedCount { takenUpCount += 1 }
        check(expected) { (rules) throws(RuleError) in try rules.add(rule, to: key) }
        if expected == nil, naive.deleted.count == deletedCount, rules.servers.count == places {
            freedCount += 1
        }
    }

    private mutating func editServer() {
        let key = key()
        let rule = serverRule(key)
        let expected = naive.edit(rule, of: key)
        check(expected) { (rules) throws(RuleError) in try rules.edit(rule, of: key) }
    }

    private mutating func deleteServer() {
        var key = key()
        var rule = serverRule(key)
        if let service = naive.services.randomElement(using: &generator),
            let server = service.servers.randomElement(using: &generator)
        {
            key = service.rule.key
            rule = server.rule
        }
        let expected = naive.delete(rule.address, rule.port, from: key)
        check(expected) { (rules) throws(RuleError) in
            try rules.delete(rule.address, rule.port, from: key)
        }
    }

    private mutating func changeMarks() {
        if generator.number(0...19) == 0 {
            naive.marks = Array(naive.marks.suffix(2))
            return rules.setMarks(naive.marks)
        }
        let rule = MarkRule(
            proto: generator.number(0...1) == 0 ? .tcp : .udp,
            address: virtualAddress(isIPv4: generator.number(0...1) == 0),
            port: [Port(0), Port(80), Port(21)][generator.number(0...2)],
            mark: UInt32(generator.number(1...4)))
        naive.marks.append(rule)
        rules.append(rule)
    }

    /// Three minutes: all that nothing names is forgotten, however the minutes fall.
    private mutating func pass() {
        for _ in 0..<5 {
            now += 6_000
            rules.expire(now: now)
        }
        naive.forget()
    }
}

// MARK: Connections

extension RuleRun {
    private mutating func bind() {
        let places = naive.services.indices.filter { !naive.services[$0].servers.isEmpty }
        guard let place = places.randomElement(using: &generator) else { return }
        let service = naive.services[place]
        let position = generator.number(0...(service.servers.count - 1))
        let index = rules.index(of: service.rule.key).map {
            rules.virtualServers[Int($0.rawValue)].order[position]
        }
        guard let index else {
            outcome = "no service"
            return
        }
        let binding = Binding(
            identity: service.servers[position].identity, index: index,
            isTemplate: generator.number(0...4) == 0, isActive: generator.number(0...1) == 0)
        bindings.append(binding)
        rules.bind(index, isTemplate: binding.isTemplate, isActive: binding.isActive)
        naive.change(binding.identity) { server in
            Self.count(&server, 1, binding)
            let upper = Int(server.rule.upperThreshold)
            if upper > 0, server.count >= upper { server.isOverloaded = true }
        }
    }

    private mutating func unbind() {
        guard !bindings.isEmpty else { return }
        let binding = bindings.remove(at: generator.number(0...(bindings.count - 1)))
        rules.unbind(
            binding.index, isTemplate: binding.isTemplate, isActive: binding.isActive)
        naive.change(binding.identity) { server in
            Self.count(&server, -1, binding)
            let upper = Int(server.rule.upperThreshold)
            let lower = Int(server.rule.lowerThreshold)
            // Three quarters of the upper threshold where no lower one is set.
            let isRelieved =
                lower > 0 ? server.count < lower : upper == 0 || server.count * 4 < upper * 3
            if isRelieved { server.isOverloaded = false }
        }
    }

    private mutating func changeState() {
        guard let place = bindings.indices.randomElement(using: &generator),
            !bindings[place].isTemplate
        else { return }
        let to = generator.number(0...1) == 0
        rules.setActive(bindings[place].index, from: bindings[place].isActive, to: to)
        naive.change(bindings[place].identity) { server in
            Self.count(&server, -1, bindings[place])
            bindings[place].isActive = to
            Self.count(&server, 1, bindings[place])
        }
    }

    private static func count(
        _ server: inout NaiveRules.Server, _ change: Int, _ binding: Binding
    ) {
        if binding.isTemplate {
            server.templates += change
        } else if binding.isActive {
            server.active += change
        } else {
            server.inactive += change
        }
    }
}

// MARK: Chance

extension RuleRun {
    private mutating func virtualAddress(isIPv4: Bool) -> IPAddress {
        let last = generator.number(1...3)
        return isIPv4
            ? .v4(IPv4Address(10, 0, 0, UInt8(last)))
            : .v6(IPv6Address(high: 0xfd00 << 48, low: UInt64(last)))
    }

    private mutating func serverAddress(isIPv4: Bool) -> IPAddress {
        let last = generator.number(1...5)
        return isIPv4
            ? .v4(IPv4Address(10, 2, 1, UInt8(last)))
            : .v6(IPv6Address(high: 0xfd02 << 48, low: UInt64(last)))
    }

    private mutating func key() -> VirtualServerKey {
        let isIPv4 = generator.number(0...2) > 0
        // Marks of one number in both families would share deleted servers reached by tunnels.
        if generator.number(0...3) == 0 { return .mark(isIPv4 ? 1 : 2, isIPv4: isIPv4) }
        let port = [Port(0), Port(21), Port(80)][generator.number(0...2)]
        return .address(
            virtualAddress(isIPv4: isIPv4), port, generator.number(0...1) == 0 ? .tcp : .udp)
    }

    private mutating func serviceRule(_ key: VirtualServerKey) -> VirtualServerRule {
        VirtualServerRule(
            key, scheduler: Scheduler.allCases.randomElement(using: &generator) ?? .roundRobin)
    }

    /// The method follows from the address, so that it does not change while a server is there.
    private mutating func serverRule(_ key: VirtualServerKey) -> RealServerRule {
        let isForeign = generator.number(0...9) == 0
        let address = serverAddress(isIPv4: key.isIPv4 != isForeign)
        let isEven = IPv6Address(address).low % 2 == 0
        let upper = generator.number(0...2) == 0 ? UInt32(generator.number(1...6)) : 0
        return RealServerRule(
            address, Port(80),
            method: isForeign && generator.number(0...1) == 0
                ? .tunnel(.ipip, .none) : isEven ? .masquerade : .directRouting,
            weight: Int32(generator.number(-1...9)), upperThreshold: upper,
            lowerThreshold: UInt32(generator.number(0...Int(upper + 1))))
    }
}
