// What a flow's hash led to: the record of one stateless decision, kept with the frame so that the
// owner, the counters and whoever looks at the frame afterwards need not compute it again.

import Wire

public struct Choice: Hashable, Sendable {
    public var hash: UInt64
    public var service: VirtualServiceIndex
    public var slot: UInt32
    public var endpoint: EndpointIndex
    /// The port the task listens on.
    public var target: Port

    /// No decision: nothing was looked up, or the address named the endpoint.
    public static var none: Choice {
        Choice(hash: 0, service: .none, slot: 0, endpoint: .none, target: Port(0))
    }
}

extension Program {
    /// The task for a flow: hash, slot, endpoint. Nil when the service has no task.
    ///
    /// Nothing here depends on the node or on the past: this function is the routing mesh.
    @inline(__always)
    public func choose(
        _ flow: FlowKey, service index: VirtualServiceIndex, target: Port
    ) -> Choice? {
        let hash = flow.hash(keyed)
        let service = services[index]
        let slot = services.slot(hash, of: service)
        guard let endpoint = services.endpoint(at: slot, of: service) else { return nil }
        return Choice(hash: hash, service: index, slot: slot, endpoint: endpoint, target: target)
    }
}
