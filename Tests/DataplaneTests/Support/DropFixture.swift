// A frame that must be dropped, and why: one line of story, the packets that have to come before,
// the frame, where it arrives.

import Dataplane
import Testing
import Wire

struct DropFixture: CustomTestStringConvertible {
    enum Place {
        /// From the network, at a node.
        case node(Int)
        /// From a task, at its owner.
        case task(EndpointIndex)
    }

    var reason: Drop
    var story: String
    var place: Place
    var frame: [UInt8]
    /// What arrives at the same place before it.
    var before: [[UInt8]] = []
    /// Nil for a frame captured whole.
    var wireByteCount: Int?

    init(
        _ reason: Drop, _ story: String, at place: Place = .node(0), after before: [[UInt8]] = [],
        wireByteCount: Int? = nil, _ frame: [UInt8]
    ) {
        self.reason = reason
        self.story = story
        self.place = place
        self.before = before
        self.wireByteCount = wireByteCount
        self.frame = frame
    }

    var testDescription: String { "\(reason): \(story)" }

    func input(_ bytes: [UInt8]) -> Input {
        switch place {
        case .node: Input(bytes: bytes)
        case .task(let endpoint): Input(bytes: bytes, arrival: .task(endpoint))
        }
    }
}
