// The program of a node that no mesh reaches: what a director alone runs on. It has no task and no peer,
// so whatever the director leaves to the mesh is dropped there.

import Wire

extension Program {
    public static var withoutMesh: Program {
        let nowhere = IPv6Address(high: 0, low: 0)
        let mac = MACAddress(rawValue: 0x0257_4546_5403)
        return Program(
            epoch: 1, node: NodeIndex(0), hashKey: HashKey(k0: 0, k1: 0), vxlanPort: Port(4_789),
            replyPath: .entry, routerMAC: mac, ingress: NetworkIndex(0),
            peers: [Peer(vtep: nowhere, mac: mac, ingressMAC: mac)],
            networks: [OverlayNetwork(vni: 4_096, mtu: 1_450, balancerMAC: mac)], endpoints: [])
    }
}
