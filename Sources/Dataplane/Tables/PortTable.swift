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
    /// The number of each protocol's row, a byte for each, by the two lowest bits of the protocol.
    private var rows: UInt32 = 0

    public init() {}

    /// What is published at this port.
    @inline(__always)
    public func find(_ proto: IPProtocol, _ port: Port) -> PortBinding? {
        guard proto.hasPorts else { return nil }
        return find(transport: Int(proto.rawValue & 3), port)
    }

    /// The same for TCP, UDP or SCTP, by the two lowest bits of its number: no two of them agree there,
    /// and to ask which it is would be a branch that nobody can predict.
    @inline(__always)
    func find(transport: Int, _ port: Port) -> PortBinding? {
        let row = Int(rows &>> UInt32(truncatingIfNeeded: transport &* 8)) & 0xff
        let index = row &* Self.rowLength | Int(port.rawValue)
        guard index < entries.count else { return nil }
        let entry = Int(entries[index])
        return entry == 0 ? nil : bindings[entry &- 1]
    }

    /// Adds a binding. Returns false, and changes nothing, when the port is taken, the protocol
    /// has no ports, or the table holds its 65,535 bindings.
    public mutating func insert(_ binding: PortBinding) -> Bool {
        guard find(binding.proto, binding.published) == nil, bindings.count < Int(UInt16.max)
        else { return false }
        guard binding.proto.hasPorts else { return false }
        let row = open(binding.proto)
        bindings.append(binding)
        entries[row * Self.rowLength + Int(binding.published.rawValue)] = UInt16(bindings.count)
        return true
    }

    /// A protocol's row, added if there is none yet.
    private mutating func open(_ proto: IPProtocol) -> Int {
        let shift = UInt32(proto.rawValue & 3) * 8
        if rows >> shift & 0xff == 0 {
            // The first is for protocols that have none.
            let row = max(entries.count / Self.rowLength, 1)
            entries += [UInt16](
                repeating: 0, count: (row + 1) * Self.rowLength - entries.count)
            rows |= UInt32(row) << shift
        }
        return Int(rows >> shift & 0xff)
    }

    private static let rowLength = 65_536
}
