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
    /// that has a binding.
    private var tcp: [UInt16] = []
    private var udp: [UInt16] = []
    private var sctp: [UInt16] = []

    public init() {}

    /// What is published at this port.
    @inline(__always)
    public func find(_ proto: IPProtocol, _ port: Port) -> PortBinding? {
        let entry: UInt16
        switch proto {
        case .tcp: entry = Self.entry(tcp, port)
        case .udp: entry = Self.entry(udp, port)
        case .sctp: entry = Self.entry(sctp, port)
        default: return nil
        }
        return entry == 0 ? nil : bindings[Int(entry) &- 1]
    }

    /// Adds a binding. Returns false, and changes nothing, when the port is taken, the protocol
    /// has no ports, or the table holds its 65,535 bindings.
    public mutating func insert(_ binding: PortBinding) -> Bool {
        guard find(binding.proto, binding.published) == nil, bindings.count < Int(UInt16.max)
        else { return false }
        let entry = UInt16(bindings.count + 1)
        switch binding.proto {
        case .tcp: Self.set(&tcp, binding.published, entry)
        case .udp: Self.set(&udp, binding.published, entry)
        case .sctp: Self.set(&sctp, binding.published, entry)
        default: return false
        }
        bindings.append(binding)
        return true
    }

    @inline(__always)
    private static func entry(_ row: [UInt16], _ port: Port) -> UInt16 {
        let index = Int(port.rawValue)
        return index < row.count ? row[index] : 0
    }

    private static func set(_ row: inout [UInt16], _ port: Port, _ entry: UInt16) {
        if row.isEmpty { row = [UInt16](repeating: 0, count: 65_536) }
        row[Int(port.rawValue)] = entry
    }
}
