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
    /// The first backend's endpoint, and how far apart the endpoints of one backend and the next are
    /// where that is always the same; zero where it is not, and the table of backends must be asked.
    fileprivate var firstEndpoint = EndpointIndex(rawValue: 0)
    fileprivate var endpointStride: UInt8 = 0
    var hasWideSlots = false
    public var network: NetworkIndex

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

    /// The endpoint of a backend, if it takes no table to tell.
    @inline(__always)
    fileprivate func endpoint(of backend: UInt32) -> EndpointIndex? {
        guard endpointStride != 0 else { return nil }
        let distance = UInt32(endpointStride) &* backend
        return EndpointIndex(rawValue: firstEndpoint.rawValue &+ distance)
    }

    /// Notes how far apart its endpoints are, if that is always the same.
    fileprivate mutating func setProgression(_ endpoints: [EndpointIndex]) {
        guard let first = endpoints.first, !endpoints.contains(.none) else { return }
        let step = endpoints.count > 1 ? endpoints[1].rawValue &- first.rawValue : 1
        guard let stride = UInt8(exactly: step) else { return }
        for (place, endpoint) in endpoints.enumerated()
        where endpoint.rawValue != first.rawValue &+ step &* UInt32(place) { return }
        (firstEndpoint, endpointStride) = (first, stride)
    }
}

public struct ServiceTable: Sendable {
    public private(set) var services: [VirtualService] = []
    private var backends: [EndpointIndex] = []
    private var narrowSlots: [UInt8] = []
    private var wideSlots: [UInt16] = []
    /// By service: the slots that its row has room for.
    private var rooms: [UInt32] = []

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
        let backend = backend(atPlace: service.slotBase &+ slot, of: service)
        return service.endpoint(of: backend) ?? backends[Int(service.backendBase &+ backend)]
    }

    /// The backend that the slot at a place names, by its number in the service's row.
    @inline(__always)
    private func backend(atPlace place: UInt32, of service: VirtualService) -> UInt32 {
        service.hasWideSlots ? UInt32(wideSlots[Int(place)]) : UInt32(narrowSlots[Int(place)])
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
        entry.setProgression(endpoints)
        precondition(slots.allSatisfy { Int($0) < endpoints.count })
        if entry.hasWideSlots {
            entry.slotBase = UInt32(wideSlots.count)
            wideSlots += slots
        } else {
            entry.slotBase = UInt32(narrowSlots.count)
            narrowSlots += slots.map { UInt8(truncatingIfNeeded: $0) }
        }
        backends += endpoints
        rooms.append(entry.slotCount)
        services.append(entry)
        return VirtualServiceIndex(services.count - 1)
    }

    /// Gives a service other slots, from `Maglev.table`, over the endpoints it has. In place if the row
    /// has ever been as long.
    public mutating func replaceSlots(of index: VirtualServiceIndex, with slots: [UInt16]) {
        let position = Int(index.rawValue)
        var entry = services[position]
        precondition(slots.allSatisfy { $0 < entry.backendCount })
        if slots.count > Int(rooms[position]) {
            rooms[position] = UInt32(slots.count)
            let end = entry.hasWideSlots ? wideSlots.count : narrowSlots.count
            entry.slotBase = UInt32(end)
            if entry.hasWideSlots {
                wideSlots.append(contentsOf: repeatElement(0, count: slots.count))
            } else {
                narrowSlots.append(contentsOf: repeatElement(0, count: slots.count))
            }
        }
        entry.slotCount = UInt32(slots.count)
        services[position] = entry
        let base = Int(entry.slotBase)
        if entry.hasWideSlots {
            for slot in slots.indices { wideSlots[base + slot] = slots[slot] }
        } else {
            for slot in slots.indices {
                narrowSlots[base + slot] = UInt8(truncatingIfNeeded: slots[slot])
            }
        }
    }

}

// Asked for before they are wanted, step by step: a service, its slot for a hash, the backend there if
// that takes the table of backends.
extension ServiceTable {
    @inline(__always)
    func prefetch(_ service: VirtualServiceIndex) { services.span.prefetch(Int(service.rawValue)) }

    /// Where the slot for a hash stands; nil when the service has no backends.
    @inline(__always)
    func prefetchSlot(_ hash: UInt64, of index: VirtualServiceIndex) -> UInt32? {
        let service = services[Int(index.rawValue)]
        guard service.slotCount > 0 else { return nil }
        let place = service.slotBase &+ service.slot(hash)
        if service.hasWideSlots {
            wideSlots.span.prefetch(Int(place))
        } else {
            narrowSlots.span.prefetch(Int(place))
        }
        return place
    }

    /// The endpoint of the slot at a place; or else where its backend stands.
    @inline(__always)
    func prefetchBackend(
        atSlot place: UInt32, of index: VirtualServiceIndex
    ) -> (endpoint: EndpointIndex?, place: UInt32) {
        let service = services[Int(index.rawValue)]
        let backend = backend(atPlace: place, of: service)
        if let endpoint = service.endpoint(of: backend) { return (endpoint, 0) }
        backends.span.prefetch(Int(service.backendBase &+ backend))
        return (nil, service.backendBase &+ backend)
    }

    /// The backend at a place.
    @inline(__always)
    func backend(at place: UInt32) -> EndpointIndex { backends[Int(place)] }

    /// Bytes of slots and backends, all services together.
    public var byteCount: Int {
        narrowSlots.count + wideSlots.count * 2 + backends.count * 4
    }
}
