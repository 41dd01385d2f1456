// The typed indices that name the parts of a cluster.
//
// Invariant: an id is the position of its element in the cluster's array, in declaration order, so
// `cluster[id]` is an array access and the data plane can use ids as dense table indices. They do
// not survive a change of the declaration; `TaskIdentity` does, and is what flow state hangs on.

/// A dense index into one of a cluster's arrays.
public protocol DenseID: RawRepresentable, Hashable, Comparable, Sendable
where RawValue == Int {
    init(rawValue: Int)
}

extension DenseID {
    public init(_ rawValue: Int) { self.init(rawValue: rawValue) }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

public struct NodeID: DenseID {
    public var rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
}

public struct NetworkID: DenseID {
    public var rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
}

public struct ServiceID: DenseID {
    public var rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
}

public struct TaskID: DenseID {
    public var rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
}

/// What a task is called for ever: 64 bits derived from its name (`<service>.<slot>`) alone, the
/// same on every node and after every recompilation. Never zero, so zero can mean "no task".
public struct TaskIdentity: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// FNV-1a over the UTF-8 bytes of the name, then the finalizer of MurmurHash3: short names
    /// that differ in a last digit differ in half of the bits. Not secret and not a flow hash.
    public init(taskName: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in taskName.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ hash >> 33) &* 0xc4ce_b9fe_1a85_ec53
        hash ^= hash >> 33
        rawValue = hash == 0 ? 1 : hash
    }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
