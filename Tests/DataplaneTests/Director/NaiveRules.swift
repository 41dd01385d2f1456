// A director's rules as one would write them without a thought for speed: arrays that are searched from
// end to end. The second implementation that `DirectorRulesTests` compares with.

import Dataplane
import Wire

struct NaiveRules {
    struct Service {
        var rule: VirtualServerRule
        /// Newest first.
        var servers: [Server] = []
    }

    struct Server {
        /// Numbers the server through deletion and return.
        var identity: Int
        var rule: RealServerRule
        var active = 0
        var inactive = 0
        var templates = 0
        var isOverloaded = false

        var count: Int { active + inactive }
        var isNamed: Bool { count + templates > 0 }
    }

    var services: [Service] = []
    var marks: [MarkRule] = []
    /// Servers that were deleted while something named them.
    private(set) var deleted: [(key: VirtualServerKey, server: Server)] = []
    private var nextIdentity = 0

    func position(_ key: VirtualServerKey) -> Int? {
        services.firstIndex { $0.rule.key == key }
    }

    mutating func add(_ rule: RealServerRule, to key: VirtualServerKey) -> RuleError? {
        guard let place = position(key) else { return .noSuchService }
        if let error = check(rule, key) { return error }
        if find(rule.address, rule.port, place) != nil { return .serverExists }
        var server: Server
        if let old = deleted.firstIndex(where: {
            $0.key == key && $0.server.rule.address == rule.address
                && $0.server.rule.port == rule.port
        }) {
            server = deleted.remove(at: old).server
            server.isOverloaded = isStillOverloaded(server, rule)
            server.rule = rule
        } else {
            server = Server(identity: nextIdentity, rule: rule)
            nextIdentity += 1
        }
        services[place].servers.insert(server, at: 0)
        return nil
    }

    mutating func edit(_ rule: RealServerRule, of key: VirtualServerKey) -> RuleError? {
        guard let place = position(key) else { return .noSuchService }
        if let error = check(rule, key) { return error }
        guard let index = find(rule.address, rule.port, place) else { return .noSuchServer }
        let server = services[place].servers[index]
        services[place].servers[index].isOverloaded = isStillOverloaded(server, rule)
        services[place].servers[index].rule = rule
        return nil
    }

    mutating func delete(
        _ address: IPAddress, _ port: Port, from key: VirtualServerKey
    ) -> RuleError? {
        guard let place = position(key) else { return .noSuchService }
        guard let index = find(address, port, place) else { return .noSuchServer }
        deleted.append((key, services[place].servers.remove(at: index)))
        return nil
    }

    mutating func delete(_ key: VirtualServerKey) -> RuleError? {
        guard let place = position(key) else { return .noSuchService }
        for server in services.remove(at: place).servers { deleted.append((key, server)) }
        return nil
    }

    /// Forgets servers that nothing names.
    mutating func forget() { deleted.removeAll { !$0.server.isNamed } }

    mutating func change(_ identity: Int, _ body: (inout Server) -> Void) {
        for place in services.indices {
            for index in services[place].servers.indices
            where services[place].servers[index].identity == identity {
                body(&services[place].servers[index])
            }
        }
        for index in deleted.indices where deleted[index].server.identity == identity {
            body(&deleted[index].server)
        }
    }

    func mark(_ proto: IPProtocol, _ destination: IPAddress, _ port: Port) -> UInt32 {
        marks.last {
            $0.proto == proto && $0.address == destination
                && ($0.port == port || $0.port == Port(0))
        }?.mark ?? 0
    }

    func find(_ mark: UInt32, _ proto: IPProtocol, _ destination: IPAddress, _ port: Port) -> Int? {
        func address(_ port: Port) -> Int? { position(.address(destination, port, proto)) }
        var isIPv4 = false
        if case .v4 = destination { isIPv4 = true }
        if mark != 0, let marked = position(.mark(mark, isIPv4: isIPv4)) { return marked }
        if let exact = address(port) { return exact }
        if proto == .tcp, port == Port(20) || port.rawValue > 1_023, let ftp = address(Port(21)) {
            return ftp
        }
        return address(Port(0))
    }

    /// Whether a server behind masquerading answers from here. A service's servers count from when
    /// they were first masqueraded until they are deleted, so tests leave methods alone.
    func isMasqueraded(_ proto: IPProtocol, _ address: IPAddress, _ port: Port) -> Bool {
        services.contains { service in
            var isOwn = true
            if case .address(_, _, let own) = service.rule.key { isOwn = own == proto }
            return isOwn
                && service.servers.contains {
                    $0.rule.method == .masquerade && $0.rule.address == address
                        && $0.rule.port == port
                }
        }
    }

    private func find(_ address: IPAddress, _ port: Port, _ place: Int) -> Int? {
        services[place].servers.firstIndex { $0.rule.address == address && $0.rule.port == port }
    }

    private func check(_ rule: RealServerRule, _ key: VirtualServerKey) -> RuleError? {
        var isIPv4 = false
        if case .v4 = rule.address { isIPv4 = true }
        if isIPv4 != key.isIPv4, rule.method == .masquerade || rule.method == .directRouting {
            return .invalid(.family)
        }
        if rule.weight < 0 { return .invalid(.weight) }
        return rule.lowerThreshold > rule.upperThreshold ? .invalid(.thresholds) : nil
    }

    private func isStillOverloaded(_ server: Server, _ rule: RealServerRule) -> Bool {
        server.isOverloaded && rule.upperThreshold != 0
            && rule.upperThreshold <= server.rule.upperThreshold
    }
}
