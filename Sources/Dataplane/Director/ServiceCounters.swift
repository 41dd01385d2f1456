// What `ipvsadm -L --stats` shows of a virtual service or of a real server: connections, and packets
// and bytes each way. Bytes are those of whole IP packets as they came in.

public struct ServiceCounters: Hashable, Sendable {
    public var connectionCount: UInt64 = 0
    public var incoming = Traffic()
    public var outgoing = Traffic()

    public init() {}
}
