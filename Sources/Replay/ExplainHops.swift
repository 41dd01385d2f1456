// What was watched, as headers: hops for the story, and the entry that the owner's flow table holds
// after a delivery.
//
// Invariant: the flow is read from the packet before and after its translation, both as they were
// on the data plane, so it is what the data plane must have remembered.

import Capture
import Dataplane
import Wire

struct HopReader {
    /// By node.
    let programs: [Program]

    func hops(_ watched: [WatchedHop]) -> [Hop] { watched.map { hop($0) } }

    private func hop(_ watched: WatchedHop) -> Hop {
        let program = programs[Int(watched.node.rawValue)]
        var place: FramePlace?
        if case .dropped(let drop) = watched.frame.verdict {
            place = FramePlace.of(drop, in: watched.before.span.raw, program)
        }
        return Hop(
            node: watched.node, arrival: watched.frame.arrival,
            isGenerated: watched.frame.isGenerated, verdict: watched.frame.verdict,
            before: watched.before.isEmpty ? [] : lines(watched.before),
            after: lines(watched.after), place: place)
    }

    /// What the owner remembers after delivering to `endpoint`; nil when nothing was translated.
    func remembered(
        _ hop: WatchedHop, _ endpoint: EndpointIndex, isNew: Bool
    ) -> RememberedFlow? {
        let program = programs[Int(hop.node.rawValue)]
        var inner = PacketSight(hop.before.span.raw)
        var entry = hop.node
        if inner.isOverlay(to: program), let source = inner.source {
            if case .node(let node) = program.addresses.find(source, in: .underlay) { entry = node }
            let start = inner.transport + UDPFields.byteCount + VXLANFields.byteCount
            inner = PacketSight(hop.before.span.raw.from(start))
        }
        let delivered = PacketSight(hop.after.span.raw)
        guard delivered.hasPorts, let client = delivered.source,
            let destination = inner.destination, destination != delivered.destination
        else { return nil }
        let flow = TaskFlow(
            client: client, clientPort: delivered.sourcePort,
            targetPort: delivered.destinationPort, endpoint: endpoint, proto: delivered.proto)
        let origin = FlowOrigin(
            address: destination, port: inner.destinationPort, entry: entry,
            service: hop.frame.choice.service)
        return RememberedFlow(owner: hop.node, isNew: isNew, flow: flow, origin: origin)
    }

    /// The headers of a frame inside the mesh.
    func lines(_ bytes: [UInt8]) -> [HeaderLine] {
        HeaderDissector.lines(of: bytes.span.raw, vxlanPort: programs[0].vxlanPort)
    }

    /// The headers of a packet of a trace, whatever its link type.
    func lines(_ bytes: RawSpan, _ linkType: LinkType) -> [HeaderLine] {
        let port = programs[0].vxlanPort
        switch linkType.framing {
        case .ethernet: return HeaderDissector.lines(of: bytes, vxlanPort: port)
        case .rawIP: return HeaderDissector.lines(ofPacket: bytes, vxlanPort: port)
        case .linuxCooked:
            guard let header = LinuxCookedHeader(bytes) else { return [] }
            let packet = bytes.from(header.byteCount)
            return HeaderDissector.lines(ofPacket: packet, vxlanPort: port)
        case .linuxCooked2:
            guard let header = LinuxCooked2Header(bytes) else { return [] }
            let packet = bytes.from(header.byteCount)
            return HeaderDissector.lines(ofPacket: packet, vxlanPort: port)
        case .other: return []
        }
    }

    /// Whether two frames differ in nothing but their link headers.
    static func isSameNetwork(_ a: [HeaderLine], _ b: [HeaderLine]) -> Bool {
        func network(_ lines: [HeaderLine]) -> [[HeaderLine.Field]] {
            lines.drop { $0.name == "Ethernet" || $0.name == "VLAN" }.map(\.fields)
        }
        return network(a) == network(b)
    }
}
