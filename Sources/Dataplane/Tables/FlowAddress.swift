// Addresses as the flow tables hold them: four bytes or sixteen, and two that belong together in words that
// are compared at once.
//
// Invariant: two pairs are equal if and only if both their addresses are.

import Wire

package protocol FlowAddress: Hashable, Sendable {
    /// Two addresses.
    associatedtype Pair: Hashable, Sendable
    static func pair(_ first: Self, _ second: Self) -> Pair
    static func first(of pair: Pair) -> Self
    static func second(of pair: Pair) -> Self

    init(mapped: IPv6Address)
    var mapped: IPv6Address { get }
}

extension IPv4Address: FlowAddress {
    @inline(__always) package init(mapped: IPv6Address) { self = mapped.mappedIPv4 }
    @inline(__always) package var mapped: IPv6Address { IPv6Address(mapped: self) }

    @inline(__always)
    package static func pair(_ first: Self, _ second: Self) -> UInt64 {
        UInt64(first.rawValue) &<< 32 | UInt64(second.rawValue)
    }

    @inline(__always)
    package static func first(of pair: UInt64) -> Self {
        Self(rawValue: UInt32(truncatingIfNeeded: pair &>> 32))
    }

    @inline(__always)
    package static func second(of pair: UInt64) -> Self {
        Self(rawValue: UInt32(truncatingIfNeeded: pair))
    }
}

extension IPv6Address: FlowAddress {
    package struct Pair: Hashable, Sendable {
        fileprivate var first: IPv6Address
        fileprivate var second: IPv6Address
    }

    @inline(__always) package init(mapped: IPv6Address) { self = mapped }
    @inline(__always) package var mapped: IPv6Address { self }

    @inline(__always)
    package static func pair(_ first: Self, _ second: Self) -> Pair {
        Pair(first: first, second: second)
    }

    @inline(__always) package static func first(of pair: Pair) -> Self { pair.first }
    @inline(__always) package static func second(of pair: Pair) -> Self { pair.second }
}
