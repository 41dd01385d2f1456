// Goal: a rules file is applied whole or not at all, an error has its line, and what is saved is the
// same rules again. Method: files with each kind of fault; rules of every kind written and read back.

import Dataplane
import Ipvsadm
import Testing

@Suite struct RulesFileTests {
    private static let key = HashKey(k0: 1, k1: 2)

    private static let everything = """
        --set 800 110 290
        -A -t 10.0.0.1:80 -s mh -p 60 -M 255.255.255.0 -b mh-fallback,mh-port
        -a -t 10.0.0.1:80 -r 10.2.1.9:8080 -m -w 3 -x 9 -y 4
        -a -t 10.0.0.1:80 -r 10.2.1.2:80 -g -w 0
        -a -t 10.0.0.1:80 -r [fd02::1]:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum
        -A -u [fd00::1]:53 -s twos -o
        -a -u [fd00::1]:53 -r [fd02::2]:53 -i -w 2147483647 --tun-type gre --tun-csum -x 4294967
        -A --sctp-service 10.0.0.1:9 -s mesh
        -A -f 4294967295 -6 -s lblcr -p 360 -M 64

        """

    @Test func `what is saved is what was restored, in its order`() throws {
        var rules = DirectorRules(key: Self.key)
        try rules.restore(Self.everything, file: "f")
        #expect(rules.savedText == Self.everything)
    }

    /// A flag without a name under `sh` and `mh` was once written as an empty list, which nothing
    /// reads. ipvsadm prints it so, and takes `flag-3` for every scheduler.
    @Test(arguments: [
        ("sh", "flag-3", ""), ("mh", "flag-3", ""), ("sh", "sh-port,flag-3", "sh-port"),
        ("mh", "mh-fallback,mh-port,flag-3", "mh-fallback,mh-port"),
        ("rr", "flag-1,flag-2,flag-3", "flag-1,flag-2,flag-3"),
    ])
    func `every scheduler flag survives being saved`(
        scheduler: String, flags: String, printed: String
    ) throws {
        var rules = DirectorRules(key: Self.key)
        let line = "-A -t 10.0.0.1:80 -s \(scheduler) -b"
        try rules.restore("\(line) \(flags)\n", file: "f")
        #expect(rules.savedText == "\(line) \(flags)\n")
        var again = DirectorRules(key: Self.key)
        try again.restore(rules.savedText, file: "f")
        #expect(again.savedText == rules.savedText)
        var session = IpvsadmSession(rules)
        #expect(session.run(["-S", "-n"]).output == "\(line) \(printed)\n")
    }

    @Test func `comments, empty lines and the program's name are passed over`() throws {
        var rules = DirectorRules(key: Self.key)
        try rules.restore(
            "# saved\n\n  #-A -t 10.0.0.9:80\nipvsadm -A -t 10.0.0.1:80\r\n \t\nipvsadm\n",
            file: "f")
        #expect(rules.savedText == "-A -t 10.0.0.1:80 -s wlc\n")
    }

    @Test(arguments: [
        ("-A -t 10.0.0.2:80 -q", "-q: unknown option", 255),
        ("-A -t 10.0.0.1:80", "Service already exists", 255),
        ("-a -t 10.0.0.2:80 -r 10.2.1.1", "Service not defined", 255),
        ("-A -t 10.0.0.2:80 # why", "unexpected argument #", 2),
        ("frob", "`frob' does not start with a command", 255),
        ("-n", "`-n' does not start with a command", 255),
        ("-L -n", "`-L -n' is no rule", 2),
        ("-R", "`-R' is no rule", 2),
        ("--start-daemon master", "`--start-daemon master' is no rule", 2),
        ("-A -t 10.0.0.2:80 -p -M 255.0.255.0", "A netmask with gaps has no counterpart here", 255),
    ])
    func `a wrong line is named and nothing is applied`(
        line: String, message: String, exitCode: Int32
    ) {
        var rules = DirectorRules(key: Self.key)
        let text = "-A -t 10.0.0.1:80\n\n\(line)\n-A -t 10.0.0.3:80\n"
        let error = #expect(throws: RulesFileError.self) {
            try rules.restore(text, file: "site.rules")
        }
        #expect(error?.description == "site.rules:3: \(message)")
        #expect(error?.error.exitCode == exitCode)
        #expect(rules.savedText == "")
    }

    @Test func `a command that is refused changes nothing`() {
        var session = IpvsadmSession(DirectorRules(key: Self.key))
        let first = session.run(["-A", "-t", "10.0.0.1:80"])
        #expect(first.hasChangedRules)
        let before = session.rules.savedText
        let second = session.run(["-R"], input: { "-A -f 1\n-A -t 10.0.0.1:80\n" })
        #expect(second.message == "<stdin>:2: Service already exists\n")
        #expect(second.exitCode == 255)
        #expect(!second.hasChangedRules)
        #expect(session.rules.savedText == before)
    }

    @Test func `synchronization is understood and refused`() {
        var session = IpvsadmSession(DirectorRules(key: Self.key))
        let start = session.run(["--start-daemon", "backup", "--syncid", "3"])
        #expect(start.exitCode == 255)
        #expect(start.message.contains("no other director"))
    }

    @Test func `help and version end well`() {
        var session = IpvsadmSession(DirectorRules(key: Self.key), program: "weft ipvsadm")
        #expect(session.run(["-h"]).output.contains("weft ipvsadm -A|-E SERVICE"))
        #expect(session.run(["--version"]).output.hasPrefix("ipvsadm v1.31 "))
        #expect(session.run(["x"]).message.hasPrefix("Try `weft ipvsadm -h' or "))
    }
}
