// What the short way wants to know of an endpoint, gathered from the tables of the program when the
// program is made: for IPv4 all of it lies in one cache line.
//
// Invariant: it says what `Program.endpoints` and `Program.networks` say.

import Wire

struct ShortEndpoint: Sendable {
    /// Zero where there is none.
    let address4: IPv4Address
    let service: ServiceIndex
    /// The last word of a VXLAN header to it, as it lies in memory.
    let vxlan: UInt32
    /// The largest IP packet that fits the network, in bytes.
    let mtu: UInt32
    let node: NodeIndex
    /// The Ethernet addresses of what is sent to it, as twelve bytes of a frame in memory.
    private let addressesEnd: UInt32
    private let addresses: UInt64
    /// Zero where there is none.
    let address6: IPv6Address

    init(_ endpoint: Endpoint, on network: OverlayNetwork) {
        address4 = endpoint.address4 ?? IPv4Address(rawValue: 0)
        address6 = endpoint.address6 ?? IPv6Address(high: 0, low: 0)
        service = endpoint.service
        vxlan = (network.vni << 8).bigEndian
        mtu = UInt32(clamping: network.mtu)
        node = endpoint.node
        let source = network.balancerMAC.rawValue
        addresses = (endpoint.mac.rawValue << 16 | source >> 32).bigEndian
        addressesEnd = UInt32(truncatingIfNeeded: source).bigEndian
    }

    /// Writes the Ethernet addresses of a frame that starts at `offset`.
    @inline(__always)
    func readdress(_ bytes: inout MutableRawSpan, at offset: Int) {
        bytes.storeBytes(of: addresses, toByteOffset: offset, as: UInt64.self)
        bytes.storeBytes(of: addressesEnd, toByteOffset: offset &+ 8, as: UInt32.self)
    }
}
