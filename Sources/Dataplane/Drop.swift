// Why a frame was dropped: a closed list, with no "other". Each reason has a test that produces it.
// The raw value indexes the counters; the name is what reports, comments and JSON print.

public enum Drop: UInt8, CaseIterable, Sendable {
    // The link layer.
    case truncatedEthernet
    case tooManyTags
    case unsupportedEtherType
    // The network layer.
    case malformedIPv4
    case malformedIPv6
    case badHeaderChecksum
    case truncatedPacket
    case malformedExtension
    case martianSource
    case ttlExpired
    case badFragment
    case tinyFragment
    case fragmentHoldFull
    case fragmentTimeout
    // The transport layer.
    case malformedTransport
    case unsupportedProtocol
    case unsupportedICMP
    case unknownQuote
    // Where to.
    case notForMesh
    case portNotPublished
    case noTask
    case packetTooBig
    case refusedOptions
    case unroutable
    // The overlay.
    case malformedVXLAN
    case unknownPeer
    case unknownNetwork
    case unknownMAC
    case congestionMarkLost
    case notForTask
    // The owner.
    case flowConflict
    case flowTableFull
    case spoofedSource
    case noFlow
    // The director.
    case noServer
    case serverDeleted
    case overloaded
    case connectionTableFull

    /// One sentence for people, without the trailing period.
    public var explanation: String {
        switch self {
        case .truncatedEthernet: "the Ethernet header or a VLAN tag is cut short"
        case .tooManyTags: "more than two VLAN tags"
        case .unsupportedEtherType: "neither IPv4, IPv6 nor ARP"
        case .malformedIPv4: "the IPv4 header is cut short or contradicts itself"
        case .malformedIPv6: "the IPv6 header is cut short or contradicts itself"
        case .badHeaderChecksum: "the IPv4 header checksum is wrong"
        case .truncatedPacket: "the packet claims more bytes than the frame had on the wire"
        case .malformedExtension: "an IPv6 extension chain is cut short, too long or out of order"
        case .martianSource:
            "a source address that none beyond the link can have, or the destination itself"
        case .ttlExpired: "the TTL or hop limit ends here"
        case .badFragment:
            "a fragment that runs past 65,535 bytes, splits at a wrong place, or would need a port changed in SCTP"
        case .tinyFragment: "a first fragment too short to hold the ports"
        case .fragmentHoldFull: "no room to keep a fragment that came before its first one"
        case .fragmentTimeout: "the first fragment never came"
        case .malformedTransport: "the TCP, UDP, SCTP or ICMP header is cut short or impossible"
        case .unsupportedProtocol: "a protocol that the mesh does not balance"
        case .unsupportedICMP:
            "an ICMP message that is neither echo nor error, or an echo reply to no task"
        case .unknownQuote: "an ICMP error that quotes no flow of the mesh"
        case .notForMesh: "the destination is no address of the mesh"
        case .portNotPublished: "no service publishes this port"
        case .noTask: "the service has no task to take the flow"
        case .packetTooBig:
            "the packet does not fit the MTU of the overlay, tunnel or link, and cannot be fragmented"
        case .refusedOptions:
            "IP options that contradict themselves, or that name the way the packet shall take"
        case .unroutable: "an address that a router sends nothing to"
        case .malformedVXLAN: "the VXLAN header is cut short or lacks a valid VNI"
        case .unknownPeer: "VXLAN from an address that is no node of the mesh"
        case .unknownNetwork: "VXLAN for a VNI that this node does not carry"
        case .unknownMAC: "VXLAN for a MAC that this node does not own"
        case .congestionMarkLost: "a congestion mark over a packet that cannot carry it (RFC 6040)"
        case .notForTask: "the packet names a task whose service it was not sent to"
        case .flowConflict: "another live flow has the same ports to the same task"
        case .flowTableFull: "no room to remember the flow"
        case .spoofedSource: "a task sent from an address that is not its own"
        case .noFlow: "a task or real server answered a flow that is not known"
        case .noServer: "no real server of the virtual server takes the connection"
        case .serverDeleted: "the connection's real server was deleted and may come back"
        case .overloaded: "one of so many new connections that drop_packet turns away"
        case .connectionTableFull: "no room for another connection"
        }
    }
}
