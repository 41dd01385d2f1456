// What `sysctl net.ipv4.vs` and `ipvsadm --set` set, by the kernel's names and with its defaults
// (Documentation/networking/ipvs-sysctl.rst). Only what a replay can observe is here: settings of
// connection synchronization and of the estimator's threads change no packet.

public struct DirectorSettings: Hashable, Sendable {
    public var connReuseMode: UInt32 = 1
    public var expireNodestConn = false
    public var expireQuiescentTemplate = false
    public var sloppyTCP = false
    public var sloppySCTP = false
    /// 0 never, 1 and 2 when memory is short, 3 always.
    public var dropEntry: UInt32 = 0
    public var dropPacket: UInt32 = 0
    public var secureTCP: UInt32 = 0
    /// The rate of `dropPacket` 3: one packet in so many.
    public var amDroprate: UInt32 = 10
    public var cacheBypass = false
    public var natICMPSend = false
    public var pmtuDisc = true
    public var scheduleICMP = false
    public var ignoreTunneled = false
    public var snatReroute = true
    /// Seconds: how long lblc remembers an address, and how long a set of lblcr stays as it is.
    public var lblcExpiration: UInt32 = 86_400
    public var lblcrExpiration: UInt32 = 86_400
    /// Seconds, as `--set` gives them.
    public var tcpTimeout: UInt32 = 900
    public var tcpFinTimeout: UInt32 = 120
    public var udpTimeout: UInt32 = 300

    public init() {}
}
