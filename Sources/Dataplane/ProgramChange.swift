// What a change of a few tasks does to the programs of all nodes: endpoints and rows of slots that take
// the place of those with the same index.
//
// Everything else stays as it is, so taking a change in costs what the change costs, however large
// the program. Invariant: an endpoint stays on its network, and a row's slots name backends that the
// row has.

import Wire

public struct ProgramChange: Sendable {
    public var epoch: UInt64
    public var endpoints: [(index: EndpointIndex, endpoint: Endpoint)] = []
    public var rows: [(service: VirtualServiceIndex, slots: [UInt16])] = []

    public init(epoch: UInt64) { self.epoch = epoch }
}

extension AddressTable {
    /// Adds the addresses of an endpoint.
    public mutating func announce(_ endpoint: Endpoint, as index: EndpointIndex) {
        let scope = AddressScope.network(endpoint.network)
        if let address = endpoint.address4 {
            insert(IPv6Address(mapped: address), in: scope, .endpoint(index))
        }
        if let address = endpoint.address6 { insert(address, in: scope, .endpoint(index)) }
    }

    /// Takes them out.
    public mutating func withdraw(_ endpoint: Endpoint) {
        let scope = AddressScope.network(endpoint.network)
        if let address = endpoint.address4 { remove(IPv6Address(mapped: address), in: scope) }
        if let address = endpoint.address6 { remove(address, in: scope) }
    }
}

/// One node's program in two copies: the data plane runs one, changes go into the other, and then they
/// change places.
///
/// Invariant: the copies differ by the last change alone, and the one the data plane runs is not
/// touched. Once it has adopted a program it holds nothing of the one before, so the next change
/// finds that one unshared and is made in place; if it has not, tables are copied, to the same end.
public struct ProgramPair: Sendable {
    /// What the data plane is to run from its next batch on.
    public private(set) var current: Program
    private var spare: Program
    private var missed: ProgramChange?

    public init(_ program: Program) { (current, spare) = (program, program) }

    /// Takes a change in, into `current` as it is from now on.
    public mutating func publish(_ change: ProgramChange) {
        if let missed { spare.apply(missed) }
        spare.apply(change)
        missed = change
        swap(&current, &spare)
    }
}
