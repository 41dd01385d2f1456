// What a node counts: packets and bytes for each service and each endpoint, and the ledger, which
// accounts for every frame. Invariant: the ledger balances after every batch.

/// Packets, and the bytes of their IP packets.
public struct Traffic: Hashable, Sendable {
    public var packetCount: UInt64 = 0
    public var byteCount: UInt64 = 0

    @inlinable public init() {}

    @inlinable
    public mutating func add(_ bytes: Int) {
        packetCount &+= 1
        byteCount &+= UInt64(truncatingIfNeeded: bytes)
    }

    @inlinable
    public static func += (total: inout Self, other: Self) {
        total.packetCount &+= other.packetCount
        total.byteCount &+= other.byteCount
    }
}

/// What a service or an endpoint saw.
public struct FlowTraffic: Hashable, Sendable {
    /// Flows opened.
    public var flowCount: UInt64 = 0
    /// Towards the task.
    public var requests = Traffic()
    /// From the task.
    public var replies = Traffic()

    @inlinable public init() {}

    @inlinable
    public static func += (total: inout Self, other: Self) {
        total.flowCount &+= other.flowCount
        total.requests += other.requests
        total.replies += other.replies
    }
}

/// Where every frame went.
public struct Ledger: Hashable, Sendable {
    public var received: UInt64 = 0
    public var generated: UInt64 = 0
    public var transmittedToUnderlay: UInt64 = 0
    public var transmittedToClients: UInt64 = 0
    /// By a director, whichever its link.
    public var transmittedToLinks: UInt64 = 0
    public var delivered: UInt64 = 0
    /// By `Consumed.rawValue`.
    public var consumed = [UInt64](repeating: 0, count: Consumed.allCases.count)
    /// By `Drop.rawValue`.
    public var dropped = [UInt64](repeating: 0, count: Drop.allCases.count)
    /// Held now; it was zero when the ledger was opened.
    public var held: UInt64 = 0

    public init() {}

    public var transmitted: UInt64 {
        transmittedToUnderlay + transmittedToClients + transmittedToLinks
    }
    public var droppedCount: UInt64 { dropped.reduce(0, +) }
    public var consumedCount: UInt64 { consumed.reduce(0, +) }

    /// received + generated = transmitted + delivered + consumed + dropped + held.
    public var isBalanced: Bool {
        received + generated == transmitted + delivered + consumedCount + droppedCount + held
    }

    public subscript(_ reason: Drop) -> UInt64 { dropped[Int(reason.rawValue)] }
    public subscript(_ kind: Consumed) -> UInt64 { consumed[Int(kind.rawValue)] }

    public static func += (total: inout Self, other: Self) {
        total.received += other.received
        total.generated += other.generated
        total.transmittedToUnderlay += other.transmittedToUnderlay
        total.transmittedToClients += other.transmittedToClients
        total.transmittedToLinks += other.transmittedToLinks
        total.delivered += other.delivered
        for index in other.consumed.indices { total.consumed[index] += other.consumed[index] }
        for index in other.dropped.indices { total.dropped[index] += other.dropped[index] }
        total.held += other.held
    }

    /// Enters a frame as it comes in and as it is judged.
    @inline(__always)
    mutating func enter(_ frame: Frame) {
        switch frame.origin {
        case .received: received &+= 1
        case .generated: generated &+= 1
        case .released: held &-= 1
        }
        switch frame.fate {
        case .pending: assertionFailure("a frame left without a verdict")
        case .underlay: transmittedToUnderlay &+= 1
        case .clients: transmittedToClients &+= 1
        case .link: transmittedToLinks &+= 1
        case .delivered: delivered &+= 1
        case .consumed: consumed[Int(frame.fateDetail)] &+= 1
        case .dropped: dropped[Int(frame.fateDetail)] &+= 1
        case .held: held &+= 1
        }
    }
}
