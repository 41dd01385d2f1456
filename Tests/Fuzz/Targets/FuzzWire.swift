// Wire under any bytes: nothing traps, fast checksums equal naive ones, and what is changed through
// a mutable view keeps every checksum exactly as right or wrong as it was.

import Wire

func fuzzWire(_ bytes: [UInt8]) -> String? {
    var reader = FrameReader()
    let raw = bytes.span.raw
    reader.readEthernet(raw)
    reader.readCooked(raw)
    reader.readARP(raw)
    reader.readIPv4(raw)
    reader.readIPv6(raw)
    return checksumComplaint(bytes) ?? rewriteComplaint(bytes) ?? textComplaint(bytes)
}

private func checksumComplaint(_ bytes: [UInt8]) -> String? {
    let tail = bytes.dropFirst()
    guard Checksum.of(bytes.span.raw) == Naive.checksum(bytes),
        Checksum.of(bytes.span.raw.from(1)) == Naive.checksum(tail)
    else { return "the fast checksum differs from the naive one" }
    guard CRC32c.of(bytes.span.raw) == Naive.crc32c(bytes),
        CRC32c.of(bytes.span.raw.from(1)) == Naive.crc32c(tail)
    else { return "the fast CRC32c differs from the naive one" }
    let headerByteCount = bytes.first.map { Int($0 & 0x0f) * 4 } ?? 0
    guard let ip = IPv4Header(bytes.span.raw) else { return nil }
    let isValid = Naive.checksum(bytes.prefix(headerByteCount)) == 0
    return ip.isChecksumValid == isValid ? nil : "an IPv4 header's checksum is misjudged"
}

/// Takes the bytes for an IP packet, rewrites addresses, ports and TTL, and looks again.
private func rewriteComplaint(_ bytes: [UInt8]) -> String? {
    let before = Soundness(packet: bytes.span.raw)
    let transport = Transport(packet: bytes.span.raw)
    var copy = bytes
    var span = copy.mutableSpan
    var raw = span.raw
    var delta = ChecksumDelta()
    rewriteIPv4(&raw, &delta)
    rewriteIPv6(&raw, &delta)
    if let transport { rewritePorts(&raw, transport, delta) }
    changeControlMessages(of: bytes)
    let after = Soundness(packet: copy.span.raw)
    return before == after ? nil : "a rewrite turns \(before) to \(after)"
}

/// Where the transport layer starts, what it is, and how long.
private struct Transport {
    var offset: Int
    var proto: IPProtocol
    var byteCount: Int

    /// Nil where there is none that can be rewritten: fragments, and packets cut short.
    init?(packet bytes: RawSpan) {
        if let ip = IPv4Header(bytes), ip.totalByteCount <= bytes.byteCount, !ip.isFragment {
            offset = ip.headerByteCount
            proto = ip.proto
            byteCount = ip.totalByteCount - offset
        } else if let ip = IPv6Header(bytes), ip.totalByteCount <= bytes.byteCount,
            case .upperLayer(let upper) = ip.walk, upper.fragment == nil
        {
            offset = upper.offset
            proto = upper.proto
            byteCount = ip.totalByteCount - offset
        } else {
            return nil
        }
    }
}

private func rewriteIPv4(_ raw: inout MutableRawSpan, _ delta: inout ChecksumDelta) {
    guard var header = MutableIPv4Header(&raw) else { return }
    header.setSource(IPv4Address(10, 0, 0, 1), noting: &delta)
    header.setDestination(IPv4Address(203, 0, 113, 254), noting: &delta)
    header.setTrafficClass(0xb9)
    if let ttl = header.header?.ttl, ttl > 0 { header.decrementTTL() }
}

private func rewriteIPv6(_ raw: inout MutableRawSpan, _ delta: inout ChecksumDelta) {
    guard var header = MutableIPv6Header(&raw) else { return }
    header.setSource(IPv6Address(high: 0x2001_0db8_0000_0003, low: 7), noting: &delta)
    header.setDestination(IPv6Address(high: 0x2001_0db8_0000_0001, low: 0x11), noting: &delta)
    header.setTrafficClass(0xb9)
    if let hopLimit = header.header?.hopLimit, hopLimit > 0 { header.decrementHopLimit() }
}

private func rewritePorts(
    _ raw: inout MutableRawSpan, _ transport: Transport, _ delta: ChecksumDelta
) {
    if transport.proto == .icmpv6 {
        if var icmp = MutableICMPv6Header(&raw, at: transport.offset) { icmp.apply(delta) }
        return
    }
    guard
        var ports = MutableTransportPorts(
            &raw, at: transport.offset, proto: transport.proto,
            packetByteCount: transport.byteCount),
        ports.keepsChecksum
    else { return }
    ports.setSource(Port(40_000), applying: delta)
    ports.setDestination(Port(80))
}

/// Sets what can be set of a control message and of the other views, wherever it lies.
private func changeControlMessages(of bytes: [UInt8]) {
    var copy = bytes
    var span = copy.mutableSpan
    var raw = span.raw
    for offset in [0, 3, 20, bytes.count, bytes.count + 1] {
        if var icmp = MutableICMPHeader(&raw, at: offset) {
            icmp.setIdentifier(0xffff)
            icmp.setMTU(0)
        }
        if var icmp = MutableICMPv6Header(&raw, at: offset) {
            icmp.setIdentifier(0)
            icmp.setMTU(.max)
        }
        if var arp = MutableARPHeader(&raw, at: offset) { arp.setOperation(.reply) }
        if var ethernet = MutableEthernetHeader(&raw, at: offset) {
            ethernet.setSource(.broadcast)
        }
        var delta = ChecksumDelta()
        if var vxlan = MutableVXLANHeader(&raw, at: offset) {
            vxlan.setVNI(VNI(rawValue: 4096), noting: &delta)
        }
        if var ip = MutableIPv4Header(&raw, at: offset) {
            ip.blankUncopiedOptions()
            ip.setFragment(advancedBy: 8, dataByteCount: 8, more: true)
        }
    }
}

/// Addresses read from text print as text that reads as the same.
private func textComplaint(_ bytes: [UInt8]) -> String? {
    guard bytes.count <= 64 else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    let isFaithful =
        IPAddress(text).map { IPAddress($0.description) == $0 } ?? true
        && MACAddress(text).map { MACAddress($0.description) == $0 } ?? true
        && IPPrefix(text).map { IPPrefix($0.description) == $0 } ?? true
        && Port(text).map { Port($0.description) == $0 } ?? true
    return isFaithful ? nil : "an address prints as another"
}
