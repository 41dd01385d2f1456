// The schedulers of virtual services by their ipvsadm names, what they are asked, and what they keep
// between two questions. Each has its own file here; `DirectorRules.schedule` asks the right one.
//
// Invariant: a scheduler reads the real servers and changes nothing but its memory. Which one it
// chooses depends on those and on the connection alone: no clock, no chance that is not handed in.

import Wire

public enum Scheduler: String, CaseIterable, Sendable {
    case roundRobin = "rr"
    case weightedRoundRobin = "wrr"
    case leastConnection = "lc"
    case weightedLeastConnection = "wlc"
    case localityLeastConnection = "lblc"
    case localityLeastConnectionReplicated = "lblcr"
    case destinationHash = "dh"
    case sourceHash = "sh"
    case shortestExpectedDelay = "sed"
    case neverQueue = "nq"
    case failover = "fo"
    case overflow = "ovf"
    case maglevHash = "mh"
    case twoChoices = "twos"
    /// Weft's own: keyed hash of the flow, no state, all directors choose alike.
    case mesh = "mesh"
}

public struct SchedulerFlags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// `sh-fallback`, `mh-fallback`: another server stands in for one that is not usable.
    public static let fallback = Self(rawValue: 1)
    /// `sh-port`, `mh-port`: the client's port is hashed too.
    public static let port = Self(rawValue: 2)
}

/// The connection that a scheduler is asked about. Addresses in the mapped form.
package struct SchedulingRequest {
    package var client: IPv6Address
    package var clientPort: Port
    package var destination: IPv6Address
    package var destinationPort: Port
    package var proto: IPProtocol
    /// Hundredths of a second on the clock of `process`.
    package var now: UInt64

    package init(
        client: IPv6Address, clientPort: Port, destination: IPv6Address, destinationPort: Port,
        proto: IPProtocol, now: UInt64
    ) {
        self.client = client
        self.clientPort = clientPort
        self.destination = destination
        self.destinationPort = destinationPort
        self.proto = proto
        self.now = now
    }
}

/// What a scheduler keeps. One form for all of them, so that changing a service's scheduler is
/// forgetting: each uses its own part and leaves the rest empty.
struct SchedulerMemory: Sendable {
    /// rr, wrr: where in the service's order the server chosen last is; -1 is the head of the list.
    var position = -1
    /// wrr: the weight that a server must have now, the greatest, and their common divisor.
    var currentWeight: Int32 = 0
    var greatestWeight: Int32 = 0
    var divisor: Int32 = 1
    /// dh, sh, mh, mesh: the server of each slot, `.none` where there is none.
    var slots: [RealServerIndex] = []
    /// mesh: the servers changed since `slots` was filled.
    var isStale = false
    /// lblc, lblcr: servers by destination address.
    var locality = LocalityTable()
    /// twos: the state of its random numbers.
    var random: UInt64 = 0
}

extension Span<RealServer> {
    @inline(__always)
    subscript(_ index: RealServerIndex) -> RealServer { self[Int(index.rawValue)] }
}
