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

public struct PortTable: Sendable {
    /// In the order they were added.
    public private(set) var bindings: [PortBinding] = []
    /// One more than the index of the binding, zero for none; a row of 65,536 for each protocol
    /// that has a binding, after an empty one for those that have none.
    private var entries: [UInt16] = []
    /// Where a protocol's row starts.
    private var tcp = 0
    private var udp = 0
    private var sctp = 0

    public init() {}

    /// What is published at this port.
    @inline(__always)
    public func find(_ proto: IPProtocol, _ port: Port) -> PortBinding? {
        let row = proto == .tcp ? tcp : proto == .udp ? udp : proto == .sctp ? sctp : 0
        let index = row &+ Int(port.rawValue)
        guard index < entries.count else { return nil }
        let entry = Int(entries[index])
        return entry == 0 ? nil : bindings[entry &- 1]
    }

    /// Adds a binding. Returns false, and changes nothing, when the port is taken, the protocol
    /// has no ports, or the table holds its 65,535 bindings.
    public mutating func insert(_ binding: PortBinding) -> Bool {
        guard find(binding.proto, binding.published) == nil, bindings.count < Int(UInt16.max)
        else { return false }
        let row: Int
        switch binding.proto {
        case .tcp: row = Self.open(&tcp, in: &entries)
        case .udp: row = Self.open(&udp, in: &entries)
        case .sctp: row = Self.open(&sctp, in: &entries)
        default: return false
        }
        bindings.append(binding)
        entries[row + Int(binding.published.rawValue)] = UInt16(bindings.count)
        return true
    }

    /// The row that starts at `start`, added if there is none yet.
    private static func open(_ start: inout Int, in entries: inout [UInt16]) -> Int {
        if start == 0 {
            start = max(entries.count, rowLength)
            entries += [UInt16](repeating: 0, count: start + rowLength - entries.count)
        }
        return start
    }

    private static let rowLength = 65_536
}
