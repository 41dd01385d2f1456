// Goal: entries, states, templates and counts are the kernel's. Method: the recorded fixtures are
// run through the tables, and wherever the kernel was asked for its entries (`ipvsadm -Lnc`) or for
// the servers' active and inactive counts (`ipvsadm -Ln`), ours must be the same.

import Dataplane
import Testing
import Wire

@Suite struct ConnectionFixtureTests {
    /// What these fixtures are about happens outside the tables: ICMP that schedules, reassembly,
    /// extension headers.
    static let excluded = [
        "fragments", "schedule-icmp", "ignore-tunneled", "options-ipv6", "unmatched", "broken",
    ]

    static let names = KernelFixture.names.filter { name in
        !excluded.contains { name.hasPrefix($0) }
    }

    @Test(arguments: names)
    func `the tables hold what the kernel listed`(name: String) throws {
        var director = FixtureDirector()
        var lines = try KernelFixture.lines(of: name)[...]
        while let line = lines.popFirst() {
            director.expire()
            switch line[0] {
            case ">":
                guard let packet = FixturePacket(hex: line[2]) else { continue }
                director.receive(packet, isFromServer: line[1] == "server")
            case "ipvsadm": try director.run(FixtureCommand(words: Array(line.dropFirst())))
            case "sysctl": director.set(line[1], UInt32(line[2]) ?? 0)
            case "wait": director.now += UInt64((Double(line[1]) ?? 0) * 100)
            case "mark":
                let address =
                    IPv4Address(line[2]).map(IPAddress.v4)
                    ?? IPv6Address(line[2]).map(IPAddress.v6)
                director.rules.append(
                    MarkRule(
                        proto: line[1] == "tcp" ? .tcp : line[1] == "udp" ? .udp : .sctp,
                        address: try #require(address), port: Port(UInt16(line[3]) ?? 0),
                        mark: UInt32(line[4]) ?? 0))
            case "list":
                let printed = lines.prefix { $0[0] == "|" }.map { Array($0.dropFirst()) }
                if line[1] == "-Lnc" { expectEntries(director, printed, name) }
                if line.dropFirst() == ["-Ln"] { expectCounts(director, printed, name) }
            default: break
            }
            guard line[0] == "list" || line[0] == "ipvsadm" else { continue }
            let isSound =
                director.connections4.checkInvariants()
                && director.connections6.checkInvariants()
                && director.rules.agrees(with: director.connections4, and: director.connections6)
            #expect(isSound)
        }
    }

    private func expectEntries(
        _ director: borrowing FixtureDirector, _ printed: [[String]], _ name: String
    ) {
        let expected = printed.dropFirst(2).map { [$0[0]] + $0[2...] }
            .sorted { $0.lexicographicallyPrecedes($1) }
        let listing = director.listing()
        #expect(listing == expected, "\(name)")
    }

    private func expectCounts(
        _ director: borrowing FixtureDirector, _ printed: [[String]], _ name: String
    ) {
        let expected = printed.filter { $0[0] == "->" && $0[1] != "RemoteAddress:Port" }
            .map { "\($0[1]) \($0[4]) \($0[5])" }
        let rules = director.rules
        let counts = rules.virtualServers.filter(\.isPresent).flatMap(\.order).map { index in
            let server = rules.servers[Int(index.rawValue)]
            let address =
                switch server.rule.address {
                case .v4(let address): "\(address)"
                case .v6(let address): "[\(address)]"
                }
            return "\(address):\(server.rule.port.rawValue) \(server.activeCount) "
                + "\(server.inactiveCount)"
        }
        #expect(counts.sorted() == expected.sorted(), "\(name)")
    }
}
