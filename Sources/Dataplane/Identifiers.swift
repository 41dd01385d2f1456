// Dense indices into the tables of one program. They mean nothing outside that program: what must
// survive a change of program carries a stable identity instead.

/// A node of the mesh.
public struct NodeIndex: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public init(_ value: Int) { rawValue = UInt16(truncatingIfNeeded: value) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A network: the ingress network or a user's overlay.
public struct NetworkIndex: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public init(_ value: Int) { rawValue = UInt16(truncatingIfNeeded: value) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A service as reports count it.
public struct ServiceIndex: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ value: Int) { rawValue = UInt32(truncatingIfNeeded: value) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// One task's attachment to one network: an address pair, a MAC, an owner.
public struct EndpointIndex: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ value: Int) { rawValue = UInt32(truncatingIfNeeded: value) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    /// Stands where no endpoint was chosen.
    @inlinable public static var none: Self { Self(rawValue: .max) }
}

/// One service on one network: what a virtual address or a published port leads to.
public struct VirtualServiceIndex: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ value: Int) { rawValue = UInt32(truncatingIfNeeded: value) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    /// Stands where no service was found.
    @inlinable public static var none: Self { Self(rawValue: .max) }
}
