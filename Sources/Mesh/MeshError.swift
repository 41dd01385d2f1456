// Why a declared cluster cannot be: what part of it, and what is wrong with that part.
//
// Invariant: every error names its subject, so that a loader which knows where the subject was
// written can put a line and column before it. Where Swarm has words for a refusal, they are used.

import Wire

public struct MeshError: Error, Hashable, Sendable, CustomStringConvertible {
    public var subject: Subject
    public var reason: Reason

    public init(_ subject: Subject, _ reason: Reason) {
        self.subject = subject
        self.reason = reason
    }

    /// The part of the declaration that is wrong; indices are positions in declaration order.
    public enum Subject: Hashable, Sendable {
        case cluster
        case node(Int)
        case ingress
        case network(Int)
        case service(Int)
        case port(service: Int, index: Int)
        case attachment(service: Int, index: Int)
    }

    public enum Reason: Hashable, Sendable {
        case noNodes
        case tooMany(what: String, limit: Int)
        case invalidName(String)
        case longName(String)
        case nameTaken(String)
        case outOfRange(what: String, value: Int, least: Int, most: Int)
        case underlayFamiliesMixed
        case addressTaken(IPAddress, by: String)
        case unusableAddress(IPAddress)
        case macTaken(MACAddress, by: String)
        case groupMAC(MACAddress)
        case poolOverlap(subnet: String, other: String)
        case hostlessSubnet(String)
        case noMoreSubnets
        case noSubnet
        case outsideSubnet(what: String, address: String, subnet: String)
        case noAvailableAddress(what: String, subnet: String)
        case noAutomaticIPv6
        case vniTaken(UInt32, by: String)
        case noMoreVNIs
        case vniWithoutOverlay
        case unknownNetwork(String)
        case attachedTwice(String)
        case attachedToIngress(String)
        case roundRobinWithIngressPort
        case duplicatePorts
        case unpublishableProtocol(UInt8)
        case portZero
        case portInUse(Port, by: String, PublishedPort.Mode)
        case noFreePort
        case moreReplicasThanDeclared(replicas: Int, bound: Int)
    }

    public var description: String { "\(reason)" }
}

extension MeshError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noNodes: "a mesh needs at least one node"
        case .tooMany(let what, let limit): "more than \(limit) \(what)"
        case .invalidName(let name): "name must be valid as a DNS name component: '\(name)'"
        case .longName(let name):
            "name must be \(MeshLimits.nameLengthMax) characters or fewer: '\(name)'"
        case .nameTaken(let name): "name '\(name)' is already in use"
        case .outOfRange(let what, let value, let least, let most):
            "\(what) must be between \(least) and \(most), not \(value)"
        case .noAvailableAddress(let what, let subnet):
            "could not find an available IP while allocating \(what) in \(subnet)"
        case .moreReplicasThanDeclared(let replicas, let bound):
            "\(replicas) replicas exceed the declared bound of \(bound)"
        default: addressDescription ?? portDescription
        }
    }

    private var addressDescription: String? {
        switch self {
        case .underlayFamiliesMixed:
            "nodes must all have IPv4 or all have IPv6 underlay addresses to reach each other"
        case .addressTaken(let address, let owner):
            "address \(address) is already in use by \(owner)"
        case .unusableAddress(let address):
            "address \(address) cannot belong to a node"
        case .macTaken(let mac, let owner):
            "MAC address \(mac) is already in use by \(owner)"
        case .groupMAC(let mac): "MAC address \(mac) is a group address"
        case .poolOverlap(let subnet, let other):
            "Pool overlaps with other one on this address space: \(subnet) and \(other)"
        case .hostlessSubnet(let subnet):
            "subnet \(subnet) has addresses that no host may have"
        case .noMoreSubnets: "no more subnets in the default address pools"
        case .noSubnet: "the network has neither IPv4 nor IPv6"
        case .outsideSubnet(let what, let address, let subnet):
            "\(what) \(address) does not belong in subnet \(subnet)"
        case .noAutomaticIPv6: "IPv6 on a network that is not an overlay needs a declared subnet"
        case .vniTaken(let vni, let owner): "VNI \(vni) is already in use by \(owner)"
        case .noMoreVNIs: "no more VXLAN network identifiers"
        case .vniWithoutOverlay: "only an overlay network has a VXLAN network identifier"
        default: nil
        }
    }

    private var portDescription: String {
        switch self {
        case .unknownNetwork(let name): "undefined network \"\(name)\""
        case .attachedTwice(let name): "network \"\(name)\" is attached twice"
        case .attachedToIngress(let name):
            "Service cannot be explicitly attached to the ingress network \"\(name)\""
        case .roundRobinWithIngressPort:
            "EndpointSpec: port published with ingress mode can't be used with dnsrr mode"
        case .duplicatePorts: "EndpointSpec: duplicate published ports provided"
        case .unpublishableProtocol(let proto): "protocol \(proto) cannot be published"
        case .portZero: "port 0 cannot be used"
        case .portInUse(let port, let owner, .ingress):
            "port '\(port.rawValue)' is already in use by service '\(owner)' as an ingress port"
        case .portInUse(let port, let owner, .host):
            "port '\(port.rawValue)' is already in use by service '\(owner)'"
                + " as a host-published port"
        default: "no free port in the dynamic range"
        }
    }
}
