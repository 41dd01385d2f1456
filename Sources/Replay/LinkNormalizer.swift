// Every link type becomes Ethernet on the way into the mesh, whose nodes have Ethernet ports: raw IP
// gets a header, a Linux cooked one is replaced, Ethernet stays as it is.
//
// Invariant: the network packet is copied once, unchanged, and the link header before it is real or
// made up from fixed addresses, never guessed from the packet's content.

import Capture
import Dataplane
import Wire

enum LinkNormalizer {
    /// Stands for the router that clients' packets come from, where the trace does not say.
    static let routerMAC = MACAddress(rawValue: 0x0257_4546_5401)
    /// Stands for the node they came to.
    static let nodeMAC = MACAddress(rawValue: 0x0257_4546_5402)

    /// Copies a packet into the arena as an Ethernet frame; false, and `frame` is what it was, when it is
    /// of no link type that carries IP, too short for it, or too long for the arena.
    static func append(
        _ bytes: RawSpan, originalByteCount: Int, _ linkType: LinkType, id: UInt64,
        timestamp: UInt64, to arena: inout FrameArena, as frame: inout Frame
    ) -> Bool {
        let header: (byteCount: Int, etherType: EtherType)
        switch linkType.framing {
        case .ethernet:
            guard let offset = arena.append(bytes) else { return false }
            frame.renew(
                offset: offset, byteCount: bytes.byteCount,
                wireByteCount: max(originalByteCount, bytes.byteCount), id: id,
                timestamp: timestamp)
            return true
        case .rawIP:
            guard bytes.byteCount > 0 else { return false }
            header = (0, bytes.u8(0) >> 4 == 6 ? .ipv6 : .ipv4)
        case .linuxCooked:
            guard let cooked = LinuxCookedHeader(bytes) else { return false }
            header = (cooked.byteCount, cooked.etherType)
        case .linuxCooked2:
            guard let cooked = LinuxCooked2Header(bytes) else { return false }
            header = (cooked.byteCount, cooked.etherType)
        case .other: return false
        }
        let packet = bytes.from(header.byteCount)
        guard let offset = arena.append(packet, prefix: EthernetFields.byteCount) else {
            return false
        }
        let byteCount = EthernetFields.byteCount + packet.byteCount
        let cut = max(originalByteCount - bytes.byteCount, 0)
        frame.renew(
            offset: offset, byteCount: byteCount, wireByteCount: byteCount + cut, id: id,
            timestamp: timestamp)
        var target = arena.mutableBytes(of: frame)
        EthernetFields(destination: nodeMAC, source: routerMAC, etherType: header.etherType)
            .write(to: &target)
        return true
    }
}
