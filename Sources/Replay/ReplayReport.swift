// What a replay has to tell, as one value: the text and the JSON say the same.
//
// Field names are the JSON's. Invariant: everything but `performance` depends on the stack, the
// trace and the options alone, so the same replay gives the same report.

import Dataplane
import Mesh
import Wire

public struct ReplayReport: Codable, Equatable, Sendable {
    /// Changes when a field changes its meaning or goes.
    public static let schemaCurrent = "weft.replay/1"

    public var schema = ReplayReport.schemaCurrent
    public var stack: String
    public var input: String
    public var trace: Trace
    public var services: [Service]
    public var tasks: [Task]
    public var nodes: [Node]
    public var hops: Hops
    public var drops: [Drop]
    public var ledger: Ledger
    public var performance: Performance
    /// What the removal of tasks would do to the flows seen, one by one; nil when nobody asked.
    public var churn: [Churn]?

    public struct Trace: Codable, Equatable, Sendable {
        public var packets: UInt64
        public var bytes: UInt64
        public var seconds: Double
        public var replayed: UInt64
        /// Passed over because the filter did not match.
        public var filtered: UInt64
        /// Passed over because a node's own stack had sent them.
        public var host: UInt64
        /// Passed over because their link type carries no IP.
        public var unsupportedLink: UInt64
        /// Passed over because the first fragment of the answer that they belong to did not come.
        public var laterFragment: UInt64 = 0
        /// Passed over because the checksum of fragmented SCTP could not follow a change of port.
        public var sctpFragment: UInt64 = 0
        /// What was cut off the end.
        public var truncation: String?
    }

    public struct Count: Codable, Equatable, Sendable {
        public var packets: UInt64
        public var bytes: UInt64
    }

    /// Of the flows opened in the first pass over the trace: those after it bring the same ones again.
    public struct Evenness: Codable, Equatable, Sendable {
        /// The busiest task's flows over the mean, both relative to weight.
        public var maxOverMean: Double
        public var chiSquare: Double
        public var degreesOfFreedom: Int
        public var pValue: Double
    }

    public struct Service: Codable, Equatable, Sendable {
        public var name: String
        /// As `docker service ls` writes them.
        public var ports: [String]
        public var tasks: Int
        public var flows: UInt64
        public var requests: Count
        public var replies: Count
        public var evenness: Evenness?
    }

    public struct Task: Codable, Equatable, Sendable {
        public var name: String
        public var node: String
        public var addresses: [String]
        public var flows: UInt64
        public var requests: Count
        public var replies: Count
    }

    public struct Node: Codable, Equatable, Sendable {
        public var name: String
        public var addresses: [String]
        public var received: UInt64
        public var generated: UInt64
        public var toUnderlay: UInt64
        public var toClients: UInt64
        public var delivered: UInt64
        public var consumed: UInt64
        public var dropped: UInt64
        public var held: UInt64
        /// Requests delivered to the node's tasks, and flows opened to them.
        public var requests: Count
        public var flows: UInt64
    }

    /// Requests delivered by the node they entered, and by another.
    public struct Hops: Codable, Equatable, Sendable {
        public var local: UInt64
        public var remote: UInt64
    }

    public struct Drop: Codable, Equatable, Sendable {
        public var reason: String
        public var explanation: String
        public var packets: UInt64
    }

    public struct Ledger: Codable, Equatable, Sendable {
        public var received: UInt64
        public var generated: UInt64
        public var transmitted: UInt64
        public var delivered: UInt64
        /// Left to the nodes' own stacks: neighbour discovery, and what is for the host.
        public var neighbour: UInt64
        public var host: UInt64
        public var dropped: UInt64
        public var held: UInt64
        public var isBalanced: Bool
    }

    /// Of either replay: the data plane's own time, at all nodes that packets came by, without reading the
    /// trace and writing files; in one process on one core, with no network card.
    public struct Performance: Codable, Equatable, Sendable {
        public var nanoseconds: UInt64
        public var nanosecondsPerPacket: Double
        public var packetsPerSecond: Double
        /// Of a mesh: what stands in for the network between the nodes took besides.
        public var wireNanosecondsPerPacket: Double?
        /// Of all nodes of a mesh, at the end.
        public var flowTableBytes: Int?
        /// Of a director, at the end.
        public var connectionTableBytes: Int?
    }
}
