// Goal: every reason for which only a director drops a packet is reached by a packet that deserves it.
// Method: a director with one virtual server and one real server; the verdict on the last of a few
// packets.

import Dataplane
import Ipvsadm
import Testing
import Wire

struct DirectorDropTests {
    private func director(_ rules: [String], connectionCountMax: Int = 16) throws -> TestDirector {
        var director = TestDirector(connectionCountMax: connectionCountMax)
        for line in rules { try director.ipvsadm(line) }
        return director
    }

    private let web = ["-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 10.2.1.1:80 -m"]

    @Test func `a virtual server without real servers refuses`() throws {
        var director = try director([web[0]])
        let verdict = director.judge(TestSegment(.syn))
        #expect(verdict == .dropped(.noServer))
        let ledger = director.ledger
        #expect(ledger.generated == 1, "the client is told")
        #expect(ledger.isBalanced)
    }

    @Test func `a connection of a deleted server waits for it to come back`() throws {
        var director = try director(web)
        let first = director.judge(TestSegment(.syn))
        #expect(first == .transmitted(.link(LinkIndex(1))))
        try director.ipvsadm("-d -t 10.0.0.1:80 -r 10.2.1.1:80")
        let gone = director.judge(TestSegment(.ack))
        #expect(gone == .dropped(.serverDeleted))
        try director.ipvsadm(web[1])
        let back = director.judge(TestSegment(.ack))
        #expect(back == .transmitted(.link(LinkIndex(1))))
    }

    @Test func `drop_packet turns one of so many openings away`() throws {
        var director = try director(web)
        director.settings {
            $0.dropPacket = 3
            $0.amDroprate = 3
        }
        var dropped: [Int] = []
        for index in 0..<9 {
            let verdict = director.judge(TestSegment(.syn, clientPort: UInt16(5_000 + index)))
            if verdict == .dropped(.overloaded) { dropped.append(index) }
        }
        #expect(dropped.count == 3)
        #expect(zip(dropped, dropped.dropFirst()).allSatisfy { $1 - $0 == 3 })
    }

    @Test func `a table full of established connections takes no more and keeps them`() throws {
        var director = try director(web, connectionCountMax: 4)
        director.settings { $0.sloppyTCP = true }
        for port in 1...4 as ClosedRange<UInt16> {
            _ = director.judge(TestSegment(.ack, clientPort: port))
        }
        for port in 2_001...4_000 as ClosedRange<UInt16> {
            let verdict = director.judge(TestSegment(.syn, clientPort: port))
            #expect(verdict == .dropped(.connectionTableFull))
        }
        for port in 1...4 as ClosedRange<UInt16> {
            let verdict = director.judge(TestSegment(.ack, clientPort: port))
            #expect(verdict == .transmitted(.link(LinkIndex(1))))
        }
        let isSound = director.checkInvariants()
        #expect(isSound)
    }

    /// RFC 791, section 3.1: option 131 is a loose source route.
    @Test func `a packet that names its own way goes nowhere`() throws {
        var director = try director(web)
        var segment = TestSegment(.syn)
        segment.options = [131, 7, 4, 10, 9, 9, 9, 0]
        let verdict = director.judge(segment)
        #expect(verdict == .dropped(.refusedOptions))
    }

    @Test func `a packet to a loopback address goes nowhere`() throws {
        var director = try director(web)
        var segment = TestSegment(.syn)
        segment.destination = IPv4Address(127, 0, 0, 1)
        let verdict = director.judge(segment)
        #expect(verdict == .dropped(.unroutable))
    }
}
