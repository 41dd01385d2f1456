// The short way's look ahead, for programs whose tables are larger than the near caches: what the packets
// of a stretch will want of them is asked for step by step, a step for all of them at a time, so that the
// waits on memory overlap. Without it a packet waits for one line after the other: binding, service, slot,
// backend, endpoint, counters.
//
// Invariant: nothing is changed, and what is read here is nobody's answer. Headers are read as if
// nothing could be wrong with them; of one that is, what is asked for is asked for in vain.

import Wire

/// What is known of a frame while tables are asked for it.
private struct Outlook {
    var hash: UInt64 = 0
    /// Of what was asked for last, in its table.
    var place: UInt32 = 0
    var service = VirtualServiceIndex.none
    /// Of a tunnelled packet, the inner destination.
    var mac = MACAddress(rawValue: 0)
    var isTunnelled = false
}

/// How many frames ahead headers are asked for: where tables are large, frames may be far too.
private let headersAhead = 6

/// Looks ahead for a stretch of frames.
@inline(never)
func lookAhead(
    _ stretch: Range<Int>, _ frames: Span<Frame>, _ bytes: RawSpan, _ services: Span<FlowTraffic>,
    _ endpoints: Span<FlowTraffic>, _ program: borrowing Program
) {
    // Room for a whole stretch: of a longer one the rest would go without.
    var outlooks = InlineArray<128, Outlook>(repeating: Outlook())
    var count = 0
    for index in stretch {
        guard count < outlooks.count, frames[index].isFresh else { continue }
        let ahead = min(index &+ headersAhead, stretch.upperBound &- 1)
        frames[ahead].prefetch(0, in: bytes)
        frames[ahead].prefetch(TunnelHeader.byteCount, in: bytes)
        if look(frames[index].window(in: bytes), &outlooks[count], program) { count &+= 1 }
    }
    for index in 0..<count {
        guard !outlooks[index].isTunnelled else {
            guard let task = program.arrivals.task(outlooks[index].mac) else { continue }
            program.shortEndpoints.span.prefetchWhole(Int(task.rawValue))
            endpoints.prefetchWhole(Int(task.rawValue))
            continue
        }
        guard let entry = program.ports.entry(at: Int(outlooks[index].place)) else { continue }
        outlooks[index].service = entry.service
        program.services.prefetch(entry.service)
        services.prefetchWhole(Int(entry.service.rawValue))
    }
    for index in 0..<count where outlooks[index].service != .none {
        let (hash, service) = (outlooks[index].hash, outlooks[index].service)
        if let place = program.services.prefetchSlot(hash, of: service) {
            outlooks[index].place = place
        } else {
            outlooks[index].service = .none
        }
    }
    for index in 0..<count where outlooks[index].service != .none {
        let (endpoint, place) = program.services.prefetchBackend(
            atSlot: outlooks[index].place, of: outlooks[index].service)
        outlooks[index].place = place
        guard let endpoint else { continue }
        program.shortEndpoints.span.prefetchWhole(Int(endpoint.rawValue))
        outlooks[index].service = .none
    }
    for index in 0..<count where outlooks[index].service != .none {
        let endpoint = program.services.backend(at: outlooks[index].place)
        program.shortEndpoints.span.prefetchWhole(Int(endpoint.rawValue))
    }
}

/// The first step: reads what tells the flow, and asks for the binding of its port or, of a tunnelled
/// packet, for the place of its task: most are of flows that are known, and ask no more. False if it is
/// nothing for the short way.
@inline(__always)
private func look(
    _ bytes: RawSpan, _ outlook: inout Outlook, _ program: borrowing Program
) -> Bool {
    outlook.isTunnelled = program.isTunnelled(bytes)
    guard !outlook.isTunnelled else {
        guard bytes.byteCount >= TunnelHeader.byteCount &+ 8 else { return false }
        outlook.mac = program.innerMAC(bytes)
        program.arrivals.prefetch(outlook.mac)
        return true
    }
    guard bytes.byteCount >= ShortPacket<ShortIPv4>.leastByteCount else { return false }
    let client: IPv6Address
    let (ports, proto): (UInt32, IPProtocol)
    if bytes.u16(12) == EtherType.ipv4.rawValue {
        client = IPv6Address(mapped: IPv4Address(rawValue: bytes.u32(26)))
        ports = bytes.u32(ShortPacket<ShortIPv4>.transport)
        proto = IPProtocol(rawValue: bytes.u8(23))
    } else {
        guard bytes.u16(12) == EtherType.ipv6.rawValue,
            bytes.byteCount >= ShortPacket<ShortIPv6>.leastByteCount
        else { return false }
        client = IPv6Address(high: bytes.u64(22), low: bytes.u64(30))
        ports = bytes.u32(ShortPacket<ShortIPv6>.transport)
        proto = IPProtocol(rawValue: bytes.u8(20))
    }
    let port = Port(UInt16(truncatingIfNeeded: ports))
    let place = program.ports.place(proto, port)
    program.ports.prefetch(place)
    outlook.place = UInt32(truncatingIfNeeded: place)
    let flow = FlowKey(
        client: client, clientPort: Port(UInt16(truncatingIfNeeded: ports >> 16)),
        servicePort: port, proto: proto)
    outlook.hash = flow.hash(program.keyed)
    return true
}

extension Program {
    /// Whether the address and port of this node's VTEP stand where an IPv4 packet has them. Never over
    /// IPv6, which is not for the short way.
    @inline(__always)
    func isTunnelled(_ bytes: RawSpan) -> Bool {
        bytes.byteCount >= 38 && tunnelEnd.address != 0
            && bytes.memory32(30) == tunnelEnd.address && bytes.memory16(36) == tunnelEnd.port
    }
}
