// A machine of the mesh. Invariant: its VTEP and its client addresses belong to it alone.
// Traffic enters by every node, whether or not the scheduler may place tasks on it.

import Wire

public struct Node: Equatable, Sendable {
    public var id: NodeID
    /// The host name, by which constraints (`node.hostname`) and the command line know it.
    public var name: String
    /// What `node.id` compares with; the name unless declared.
    public var identifier: String
    /// The underlay address that VXLAN packets are sent from and to.
    public var vtep: IPAddress
    /// The addresses clients send to, in the order declared.
    public var addresses: [IPAddress]
    /// The MAC address on the underlay.
    public var mac: MACAddress
    public var labels: [Label]
    public var role: Role
    public var availability: Availability

    public init(
        id: NodeID, name: String, identifier: String? = nil, vtep: IPAddress,
        addresses: [IPAddress], mac: MACAddress, labels: [Label] = [], role: Role = .worker,
        availability: Availability = .active
    ) {
        self.id = id
        self.name = name
        self.identifier = identifier ?? name
        self.vtep = vtep
        self.addresses = addresses
        self.mac = mac
        self.labels = labels
        self.role = role
        self.availability = availability
    }

    public enum Role: String, Hashable, CaseIterable, Sendable {
        case manager, worker
    }

    /// Whether the scheduler may place tasks; traffic enters by every node whatever this says.
    public enum Availability: String, Hashable, CaseIterable, Sendable {
        case active, pause, drain
    }
}

/// A key with a value, as nodes, networks and services carry them. Kept in lists in declaration
/// order, not in dictionaries, whose order differs in every process.
public struct Label: Hashable, Sendable {
    public var key: String
    public var value: String

    public init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }
}
