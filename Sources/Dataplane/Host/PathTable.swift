// What is known to fit on the way to a few addresses, from ICMP errors (RFC 1191): the kernel's route
// exceptions (net/ipv4/route.c), which a director makes for its own tunnels. IPVS holds a route to each
// server: a new exception is nothing to it until a packet asks for the route again, and from then on
// the held route follows what else is learnt.
//
// Invariant: fixed memory; the oldest entry gives way. An entry is forgotten after ten minutes.

import Wire

struct PathTable {
    /// net.ipv4.route.min_pmtu.
    static let mtuMin = 552
    private static let timeoutSeconds: UInt32 = 600
    private static let countMax = 64

    private struct Entry {
        var address: IPv6Address
        var mtu: Int
        var expires: UInt32
        /// A packet went that way since the entry was made.
        var isTakenUp = false
    }

    private var entries = [Entry](
        repeating: Entry(address: IPv6Address(high: 0, low: 0), mtu: 0, expires: 0),
        count: Self.countMax)
    private var count = 0
    private var next = 0

    var isEmpty: Bool { count == 0 }

    func find(_ address: IPv6Address, now: UInt32) -> Int? {
        for index in 0..<count
        where entries[index].address == address && entries[index].expires >= now {
            return entries[index].mtu
        }
        return nil
    }

    /// Whether what was learnt about an address counts for the tunnels to it.
    func isTakenUp(_ address: IPv6Address) -> Bool {
        for index in 0..<count where entries[index].address == address {
            return entries[index].isTakenUp
        }
        return false
    }

    mutating func takeUp(_ address: IPv6Address) {
        for index in 0..<count where entries[index].address == address {
            entries[index].isTakenUp = true
        }
    }

    mutating func remember(_ address: IPv6Address, _ mtu: Int, now: UInt32) {
        var index = 0
        while index < count, entries[index].address != address { index &+= 1 }
        if index == Self.countMax {
            index = next
            next = (next &+ 1) % Self.countMax
        } else if index == count {
            count &+= 1
        }
        let isKnown = entries[index].address == address && entries[index].expires >= now
        entries[index] = Entry(
            address: address, mtu: mtu, expires: now &+ Self.timeoutSeconds,
            isTakenUp: isKnown && entries[index].isTakenUp)
    }
}
