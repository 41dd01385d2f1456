// The halves of the mesh's work that can be measured apart: what a node does with a frame depends on
// where the frame comes from and on which way it goes.

public enum Stage: Int, CaseIterable, Codable, Sendable {
    /// A client's packet at the node it enters: choose a task, wrap for its node or deliver.
    case entry
    /// A wrapped packet at the task's node: unwrap, remember the flow, translate, deliver.
    case owner
    /// A task's packet at its node: translate back, wrap for the entry or hand to the client.
    case replyOwner
    /// A wrapped reply at the entry: unwrap and hand to the client.
    case replyEntry

    public var name: String {
        switch self {
        case .entry: "entry"
        case .owner: "owner"
        case .replyOwner: "reply, owner"
        case .replyEntry: "reply, entry"
        }
    }
}
