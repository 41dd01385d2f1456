// Goal: what ipvsadm has no words for is read as sysctl, iptables and a command line write it, and
// what cannot be honoured is refused. Method: marks from a recording of the real iptables-save, with
// the expectations that its commands tell; small texts for the rest.

import Dataplane
import Ipvsadm
import Testing
import Wire

@Suite struct SurroundingsTests {
    @Test func `what iptables-save prints becomes the marks of its commands`() throws {
        let marks = try IptablesText.marks(
            in: Transcript.text("marks.iptables.save"), file: "marks")
        let lines = marks.map { "\($0.proto) \($0.address) \($0.port) \($0.mark)" }
        #expect(
            lines == [
                "tcp 10.0.0.1 80 7",
                "tcp 10.0.0.2 0 16", "udp 10.0.0.2 0 16", "sctp 10.0.0.2 0 16",
                "tcp 10.0.0.3 0 16", "udp 10.0.0.3 0 16", "sctp 10.0.0.3 0 16",
                "udp 10.0.0.4 53 4294967295", "udp 10.0.0.4 54 4294967295",
                "udp 10.0.0.4 55 4294967295",
                "tcp 10.0.0.5 80 9", "tcp 10.0.0.5 443 9", "tcp 10.0.0.5 8000 9",
                "tcp 10.0.0.5 8001 9",
                "sctp 10.0.0.7 9 12",
                "tcp fd00::1 80 7", "udp fd00::2 0 8", "udp fd00::3 0 8",
            ])
    }

    @Test func `iptables commands are read as what they save`() throws {
        func lines(_ fixture: String) throws -> [MarkRule] {
            try IptablesText.marks(in: Transcript.text(fixture), file: fixture)
        }
        #expect(try lines("marks.iptables") == lines("marks.iptables.save"))
    }

    @Test(arguments: [
        ("-A PREROUTING -i eth0 -d 10.0.0.1 -j MARK --set-mark 1", "`-i'"),
        ("-A PREROUTING ! -d 10.0.0.1 -j MARK --set-mark 1", "`!'"),
        ("-A PREROUTING -d 10.0.0.1 -j ACCEPT", "`-j ACCEPT'"),
        ("-A PREROUTING -d 10.0.0.1 -m statistic -j MARK --set-mark 1", "`-m statistic'"),
        ("-A PREROUTING -j MARK --set-mark 1", "without `-d'"),
        ("-A PREROUTING -d 10.0.0.1 -j MARK --set-xmark 0x1/0xff", "with a mask"),
        ("-A PREROUTING -d 10.0.0.0/8 -j MARK --set-mark 1", "too many"),
        ("-A PREROUTING -d 10.0.0.0/20 -p tcp --dport 1:1000 -j MARK --set-mark 1", "too many"),
        ("-A PREROUTING -d 10.0.0.1 -p gre -j MARK --set-mark 1", "`-p gre'"),
        ("-A PREROUTING -d 10.0.0.1 -p tcp --dport 9:8 -j MARK --set-mark 1", "no ports"),
        ("-A PREROUTING -d", "no argument"),
        ("-A PREROUTING -d example.org -j MARK --set-mark 1", "no address"),
    ])
    func `a rule that is more than marks is refused with its line`(rule: String, part: String) {
        let error = #expect(throws: IptablesText.Failure.self) {
            try IptablesText.marks(in: "*mangle\n\(rule)\nCOMMIT\n", file: "f")
        }
        #expect(error?.line == 2)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        // In another table the same rule says nothing about marks that IPVS sees.
        let isComplete = !["no argument", "no address", "no ports"].contains(part)
        if isComplete {
            #expect(throws: Never.self) {
                try IptablesText.marks(in: "*nat\n\(rule)\nCOMMIT\n", file: "f")
            }
        }
    }

    /// iptables(8): `-I, --insert chain [rulenum]`, at the head of the chain if the number is 1, which it
    /// is unless given. Each family has its own chain, and the last mark that is set counts.
    @Test func `rules inserted come before others`() throws {
        let commands = """
            #!/bin/sh
            iptables -t mangle -A PREROUTING -d 10.0.0.1 -p tcp --dport 80 -j MARK --set-mark 1
            ip6tables -t mangle -A PREROUTING -d fd00::1 -p tcp --dport 80 -j MARK --set-mark 2
              iptables -t mangle -I PREROUTING -d 10.0.0.1 -p tcp --dport 80 -j MARK --set-mark 3
            iptables -t mangle --insert PREROUTING 2 -d 10.0.0.2 -p tcp --dport 80 -j MARK --set-mark 4
            iptables -t mangle -I PREROUTING 4 -d 10.0.0.3 -p tcp --dport 80 -j MARK --set-mark 5
            ip6tables -t mangle -I PREROUTING -d fd00::1 -p tcp --dport 80 -j MARK --set-mark 6

            """
        let marks = try IptablesText.marks(in: commands, file: "f")
        #expect(marks.filter { $0.address.bitWidth == 32 }.map(\.mark) == [3, 4, 1, 5])
        #expect(marks.filter { $0.address.bitWidth == 128 }.map(\.mark) == [6, 2])
        let beyond = "-I PREROUTING 2 -d 10.0.0.1 -p tcp -j MARK --set-mark 1\n"
        #expect(throws: IptablesText.Failure.self) {
            try IptablesText.marks(in: beyond, file: "f")
        }
    }

    @Test(arguments: [
        "-t 10.0.0.1:80 -s rr", "frob", "iptables -t mangle -N marks", "-P PREROUTING ACCEPT",
        "nft add rule ip mangle prerouting meta mark set 1", "COMMITTED",
    ])
    func `a line that adds no rule is refused with its number`(line: String) {
        let error = #expect(throws: IptablesText.Failure.self) {
            try IptablesText.marks(
                in: "# by hand\n\n*mangle\n:PREROUTING ACCEPT [0:0]\n\(line)\nCOMMIT\n", file: "f")
        }
        #expect(error?.line == 5 && error?.message.hasSuffix("adds no rule") == true)
    }

    @Test func `counters before rules are passed over`() throws {
        let text = "*mangle\n[7:420] -A PREROUTING -d 10.0.0.1/32 -p tcp -j MARK --set-xmark 0x7\n"
        #expect(try IptablesText.marks(in: text, file: "f").map(\.mark) == [7])
    }

    @Test func `a mark on one line`() throws {
        let rule = try MarkRule(text: "tcp [fd00::1]:http = 0x10")
        #expect(rule.address.description == "fd00::1")
        #expect(rule.port == Port(80))
        #expect(rule.mark == 16)
        #expect(try MarkRule(text: "udp 10.0.0.1=1").port == Port(0))
        for text in ["", "tcp", "tcp 10.0.0.1", "icmp 10.0.0.1=1", "tcp 10.0.0.1=0", "tcp x=1"] {
            #expect(throws: SurroundingsError.self) { try MarkRule(text: text) }
        }
    }

    @Test func `sysctls by any of their spellings`() throws {
        var settings = DirectorSettings()
        try settings.set(sysctl: "net.ipv4.vs.conn_reuse_mode=0")
        try settings.set(sysctl: "net/ipv4/vs/expire_nodest_conn = 1")
        try settings.set(sysctl: "sloppy_tcp=1")
        try settings.set(sysctl: "net.ipv4.vs.sync_threshold = 3 50")
        var expected = DirectorSettings()
        expected.connReuseMode = 0
        expected.expireNodestConn = true
        expected.sloppyTCP = true
        #expect(settings == expected)
        for text in ["", "sloppy_tcp", "sloppy_tcp=", "sloppy_tcp=x", "drop_entry=4", "nosuch=1"] {
            #expect(throws: SurroundingsError.self) { try settings.set(sysctl: text) }
        }
        #expect(settings == expected)
    }

    @Test func `a host is made of links, and of the rules' addresses`() throws {
        var rules = DirectorRules(key: HashKey(k0: 1, k1: 2))
        try rules.restore("-A -t 10.0.0.1:80\n-A -u 10.0.0.1:53\n-A -f 3\n", file: "f")
        let plain = try DirectorHost(links: [], addresses: ["10.9.9.9"], for: rules)
        #expect(plain.links.map(\.name) == ["eth0"])
        #expect(plain.links[0].prefixes.map(\.description) == ["10.0.0.1/32", "10.9.9.9/32"])
        #expect(plain.ownAddresses.count == 2)
        let named = try DirectorHost(
            links: ["name=a,mtu=1400,address=10.1.0.1/16", "address=fd01::1/64"], addresses: [],
            for: rules)
        #expect(named.links.map(\.name) == ["a", "eth1"])
        #expect(named.links.map(\.mtu) == [1_400, 1_500])
        #expect(named.links[1].prefixes.map(\.description) == ["fd01::1/64"])
        for text in ["mtu=0", "mtu=65536", "name=", "frob=1", "address=10.1.0.1"] {
            #expect(throws: SurroundingsError.self) {
                try DirectorHost(links: [text], addresses: [], for: rules)
            }
        }
    }
}
