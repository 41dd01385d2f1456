// A placement constraint: `node.labels.zone == east`, as swarmkit reads it.
//
// Keys are node.id, node.hostname, node.ip, node.role, node.platform.os, node.platform.arch,
// node.labels.* and engine.labels.*. Values compare without regard to case. A key nobody knows
// never matches, whichever the operator: that is swarmkit's rule, kept.

import Wire

public struct Constraint: Hashable, Sendable {
    public var key: String
    public var isEqual: Bool
    public var value: String

    public init(key: String, isEqual: Bool, value: String) {
        self.key = key
        self.isEqual = isEqual
        self.value = value
    }
}
