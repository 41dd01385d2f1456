// Services as the data plane sees them: for each, a row of slots in one flat array and a row of
// backends in another. A flow's hash picks a slot, the slot a backend, the backend an endpoint.
//
// Invariant: every slot of a row names a backend of that row. Slots are one byte wide for up to
// 256 backends and two above, so that the rows of ten thousand small services stay small.

import Wire

/// One service on one network.
public struct VirtualService: Hashable, Sendable {
    /// The number of slots, as a hash is scaled by it. So wide that services lie 32 bytes apart.
    private var scale: UInt64 = 0
    public var service: ServiceIndex
    var slotBase: UInt32 = 0
    var backendBase: UInt32 = 0
    public internal(set) var backendCount: UInt32 = 0
    public var network: NetworkIndex
    var hasWideSlots = false

    init(service: ServiceIndex, network: NetworkIndex) {
        self.service = service
        self.network = network
    }

    /// Zero when no task can take a flow.
    public internal(set) var slotCount: UInt32 {
        @inline(__always) get { UInt32(truncatingIfNeeded: scale) }
        set { scale = UInt64(newValue) }
    }

    /// The slot for a flow hash: the high half scaled to the row's length.
    @inline(__always)
    func slot(_ hash: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((hash &>> 32) &* scale) &>> 32)
    }
}

public struct ServiceTable: Sendable {
    public private(set) var services: [VirtualService] = []
    private var backends: [EndpointIndex] = []
    private var narrowSlots: [UInt8] = []
    private var wideSlots: [UInt16] = []

    public init() {}

    @inlinable public var count: Int { services.count }

    public subscript(_ index: VirtualServiceIndex) -> VirtualService {
        @inline(__always) _read { yield services[Int(index.rawValue)] }
    }

    /// The slot for a flow hash: the high half scaled to the row's length.
    @inline(__always)
    public func slot(_ hash: UInt64, of service: VirtualService) -> UInt32 {
        service.slot(hash)
    }

    /// The endpoint at a slot; nil when the service has no backends.
    @inline(__always)
    public func endpoint(at slot: UInt32, of service: VirtualService) -> EndpointIndex? {
        guard slot < service.slotCount else { return nil }
        let index = Int(service.slotBase &+ slot)
        let backend = service.hasWideSlots ? Int(wideSlots[index]) : Int(narrowSlots[index])
        return backends[Int(service.backendBase) &+ backend]
    }

    /// The endpoints of a service, in the order they were added.
    public func endpoints(of service: VirtualService) -> ArraySlice<EndpointIndex> {
        let base = Int(service.backendBase)
        return backends[base..<base + Int(service.backendCount)]
    }

    /// Adds a service whose slots, from `Maglev.table`, index into `endpoints`.
    public mutating func append(
        service: ServiceIndex, network: NetworkIndex, endpoints: [EndpointIndex], slots: [UInt16]
    ) -> VirtualServiceIndex {
        var entry = VirtualService(service: service, network: network)
        entry.backendBase = UInt32(backends.count)
        entry.backendCount = UInt32(endpoints.count)
        entry.slotCount = UInt32(slots.count)
        entry.hasWideSlots = endpoints.count > 256
        precondition(slots.allSatisfy { Int($0) < endpoints.count })
        if entry.hasWideSlots {
            entry.slotBase = UInt32(wideSlots.count)
            wideSlots += slots
        } else {
            entry.slotBase = UInt32(narrowSlots.count)
            narrowSlots += slots.map { UInt8(truncatingIfNeeded: $0) }
        }
        backends += endpoints
        services.append(entry)
        return VirtualServiceIndex(services.count - 1)
    }

    /// Bytes of slots and backends, all services together.
    public var byteCount: Int {
        narrowSlots.count + wideSlots.count * 2 + backends.count * 4
    }
}
