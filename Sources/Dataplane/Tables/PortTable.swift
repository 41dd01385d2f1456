// Published ports: (protocol, port) to what is published there, by direct index. A range of a
// thousand ports costs a thousand entries and no rules; a lookup is one load whatever the number.
//
// Invariant: one binding at most for each protocol and port.

import Wire

/// One published port.
public struct PortBinding: Hashable, Sendable {
    public var service: VirtualServiceIndex
    public var proto: IPProtocol
    public var published: Port
    /// The port the task listens on.
    public var target: Port

    public init(service: VirtualServiceIndex, proto: IPProtocol, published: Port, target: Port) {
        self.service = service
        self.proto = proto
        self.published = published
        self.target = target
    }
}

/// What a packet wants to know of a published port, in one word of memory.
struct PortTarget: Sendable {
    /// `none` where nothing is published.
    let service: VirtualServiceIndex
    let target: Port

    static let nothing = PortTarget(service: .none, target: Port(0))
}

public struct PortTable: Sendable {
    /// In the order they were added.
    public private(set) var bindings: [PortBinding] = []
    /// A row of 65,536 for each protocol that has a binding.
    private var entries: [PortTarget] = []
    /// The number of each protocol's row, a byte for each, by the two lowest bits of the protocol;
    /// 255, which is beyond all rows, for those that have none.
    private var rows: UInt32 = .max

    public init() {}

    /// What is published at this port.
    @inline(__always)
    public func find(_ proto: IPProtocol, _ port: Port) -> PortBinding? {
        guard proto.hasPorts else { return nil }
        return find(transport: proto, port).map {
            PortBinding(service: $0.service, proto: proto, published: port, target: $0.target)
        }
    }

    /// The same for TCP, UDP or SCTP, by the two lowest bits of its number: no two of them agree there,
    /// and to ask which it is would be a branch that nobody can predict.
    @inline(__always)
    func find(transport: IPProtocol, _ port: Port) -> PortTarget? {
        entry(at: place(transport, port))
    }

    /// Where the entry of a port of TCP, UDP or SCTP stands, if there is one.
    @inline(__always)
    func place(_ transport: IPProtocol, _ port: Port) -> Int {
        Int(rows &>> Self.shift(transport)) & 0xff &* Self.rowLength | Int(port.rawValue)
    }

    /// The entry at such a place.
    @inline(__always)
    func entry(at place: Int) -> PortTarget? {
        guard place < entries.count else { return nil }
        let entry = entries[place]
        return entry.service == .none ? nil : entry
    }

    /// Asks for the entry at such a place.
    @inline(__always)
    func prefetch(_ place: Int) { entries.span.prefetch(place) }

    /// Adds a binding. Returns false, and changes nothing, when the port is taken or the protocol has
    /// no ports.
    public mutating func insert(_ binding: PortBinding) -> Bool {
        guard binding.proto.hasPorts, binding.service != .none,
            find(binding.proto, binding.published) == nil
        else { return false }
        let row = open(binding.proto)
        bindings.append(binding)
        entries[row * Self.rowLength + Int(binding.published.rawValue)] =
            PortTarget(service: binding.service, target: binding.target)
        return true
    }

    /// A protocol's row, added if there is none yet.
    private mutating func open(_ proto: IPProtocol) -> Int {
        let shift = Self.shift(proto)
        if rows >> shift & 0xff == 0xff {
            let row = UInt32(entries.count / Self.rowLength)
            entries += [PortTarget](repeating: .nothing, count: Self.rowLength)
            rows = rows & ~(0xff << shift) | row << shift
        }
        return Int(rows >> shift & 0xff)
    }

    /// Where the number of a protocol's row stands.
    @inline(__always)
    private static func shift(_ proto: IPProtocol) -> UInt32 {
        UInt32(truncatingIfNeeded: proto.rawValue & 3) &* 8
    }

    private static let rowLength = 65_536
}
