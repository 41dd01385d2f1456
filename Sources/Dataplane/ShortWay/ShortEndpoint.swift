// What the short way wants to know of an endpoint, gathered from the tables of the program into half
// a cache line when the program is made.
//
// Invariant: it says what `Program.endpoints` and `Program.networks` say.

import Wire

struct ShortEndpoint: Sendable {
    let service: ServiceIndex
    let vni: UInt32
    /// The largest IP packet that fits the network, in bytes.
    let mtu: UInt32
    let node: NodeIndex
    /// The Ethernet addresses of what is sent to it, as twelve bytes of a frame.
    private let addressesEnd: UInt32
    private let addresses: UInt64

    init(_ endpoint: Endpoint, on network: OverlayNetwork) {
        service = endpoint.service
        vni = network.vni
        mtu = UInt32(clamping: network.mtu)
        node = endpoint.node
        let source = network.balancerMAC.rawValue
        addresses = endpoint.mac.rawValue << 16 | source >> 32
        addressesEnd = UInt32(truncatingIfNeeded: source)
    }

    /// Writes the Ethernet addresses of a frame that starts at `offset`.
    @inline(__always)
    func address(_ bytes: inout MutableRawSpan, at offset: Int) {
        bytes.setU64(offset, addresses)
        bytes.setU32(offset &+ 8, addressesEnd)
    }
}
