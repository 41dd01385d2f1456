// The link in front of every packet: Ethernet, possibly with one 802.1Q tag.
//
// Clients are behind one gateway, as they are on a node's wire; each node has a MAC made from its
// address. Invariant: all addresses are unicast and locally administered (IEEE 802, 8.2.2).

import Wire

struct FrameLayout {
    private static let gateway = MACAddress(rawValue: 0x0200_0000_0001)

    let vlan: UInt16?

    /// Where the network header starts.
    var byteCount: Int { EthernetFields.byteCount + (vlan == nil ? 0 : VLANTag.byteCount) }

    /// Writes the link header to the start of `bytes`. `node` is the end that is not a client.
    @_lifetime(bytes: copy bytes)
    func write(to bytes: inout MutableRawSpan, node: IPAddress, isFromClient: Bool) {
        let mac = Self.mac(of: node)
        let type: EtherType = node.bitWidth == 128 ? .ipv6 : .ipv4
        EthernetFields(
            destination: isFromClient ? mac : Self.gateway,
            source: isFromClient ? Self.gateway : mac,
            etherType: vlan == nil ? type : .vlan
        ).write(to: &bytes)
        if let vlan {
            var tag = bytes.tail(from: EthernetFields.byteCount)
            VLANTag(vid: vlan).write(to: &tag, followedBy: type)
        }
    }

    /// 02:01 and the last four bytes of the address.
    private static func mac(of node: IPAddress) -> MACAddress {
        let low =
            switch node {
            case .v4(let address): UInt64(address.rawValue)
            case .v6(let address): address.low & 0xffff_ffff
            }
        return MACAddress(rawValue: 0x0201 << 32 | low)
    }
}
