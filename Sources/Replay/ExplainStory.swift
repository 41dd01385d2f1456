// The whole story of one packet: what it was, why it went where it went, what each node made of it,
// and how an answer to it comes back.
//
// Invariant: everything in it was seen on the real data plane, run for this packet.

import Capture
import Dataplane
import Wire

public struct Explanation: Equatable, Sendable {
    /// The packet's headers: as made, or as they stand in the trace.
    public var packet: [HeaderLine] = []
    /// Why the packet was not put into the mesh; then the rest is empty.
    public var skip: Skip?
    /// The trace was aimed at the mesh, so the packet that entered is not the one in the trace.
    public var isAimed = false
    public var decision: Decision?
    public var hops: [Hop] = []
    /// What the owner remembers of the flow.
    public var flow: RememberedFlow?
    /// Of an answer from the task that the packet was delivered to.
    public var answer: [Hop] = []

    public init() {}
}

/// One node's part.
public struct Hop: Equatable, Sendable {
    public var node: NodeIndex
    public var arrival: Arrival
    /// Made by the node: an ICMP error about the packet.
    public var isGenerated: Bool
    public var verdict: Verdict
    /// As the frame reached the node; empty for one that it made.
    public var before: [HeaderLine]
    /// As the frame left it; of a dropped frame, as it was when it was dropped.
    public var after: [HeaderLine]
    /// The byte that made the node drop it.
    public var place: FramePlace?
}

/// An entry of the owner's flow table.
public struct RememberedFlow: Equatable, Sendable {
    public var owner: NodeIndex
    /// The packet made it; otherwise it was there.
    public var isNew: Bool
    public var flow: TaskFlow
    public var origin: FlowOrigin
}

/// Why a packet of a trace cannot be explained.
public enum ExplainError: Error, Equatable, CustomStringConvertible {
    case noSuchPacket(Int, path: String, count: Int)
    /// The trace cannot be read that far.
    case capture(CaptureError)
    /// The trace cannot be aimed as asked.
    case remap(ReplayError)

    public var description: String {
        switch self {
        case .noSuchPacket(let number, let path, let count):
            "\(path): no packet \(number); the file has \(count)"
        case .capture(let error): "\(error)"
        case .remap(let error): "\(error)"
        }
    }
}
