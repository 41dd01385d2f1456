// What became of a frame. Every frame ends in exactly one verdict; `held` is the one that is not
// an end: the frame comes back, released, in a later batch and is then judged.

/// Where a transmitted frame leaves the node.
public enum Egress: Hashable, Sendable {
    /// Wrapped in VXLAN, towards another node.
    case underlay(NodeIndex)
    /// Bare, towards the clients.
    case clients
    /// By a link of the host that a director runs on.
    case link(LinkIndex)
}

/// What the node keeps to itself.
public enum Consumed: UInt8, CaseIterable, Sendable {
    /// ARP and IPv6 neighbour discovery: the node's own stack answers.
    case neighbour
    /// Echo to an address of the node: the node's own stack answers.
    case host
    /// A fragment that went into a datagram which the director puts together.
    case reassembled
}

public enum Verdict: Hashable, Sendable {
    /// Not yet judged; no frame leaves `process` with it.
    case pending
    case transmitted(Egress)
    case delivered(EndpointIndex)
    case consumed(Consumed)
    case dropped(Drop)
    /// Kept until the first fragment of its datagram comes.
    case held
}
