// The outer headers of a tunnel between two nodes over IPv4, made once and stored as words: Ethernet,
// IPv4, UDP, VXLAN, 50 bytes. Writing one in front of a frame is three wide stores and six narrow ones.
//
// Invariant: what is written equals, byte for byte, what `VXLANEncapsulation` writes for the same
// tunnel; a test compares them.

import Wire

struct TunnelHeader: Hashable, Sendable {
    static let byteCount = 50

    /// Bytes 0 to 15 as they lie in memory: both MACs and the EtherType, version and header length.
    private let link: SIMD2<UInt64>
    /// Bytes 16 to 31 without the length, the header checksum and half of the destination.
    private let network: SIMD2<UInt64>
    /// Bytes 32 to 47 without the source port and the UDP length.
    private let transport: SIMD2<UInt64>
    /// The sum of the IPv4 header, as it lies in memory, without its length and its traffic class.
    private let sum: UInt32

    init(
        sourceMAC: MACAddress, destinationMAC: MACAddress, source: IPv4Address,
        destination: IPv4Address, destinationPort: Port
    ) {
        let target = UInt64(destination.rawValue)
        link = [
            (destinationMAC.rawValue << 16 | sourceMAC.rawValue >> 32).bigEndian,
            (sourceMAC.rawValue << 32 | UInt64(EtherType.ipv4.rawValue) << 16 | 0x4500).bigEndian,
        ]
        network = [
            UInt64(0x4000_4011).bigEndian, (UInt64(source.rawValue) << 16 | target >> 16).bigEndian,
        ]
        transport = [
            (target << 48 | UInt64(destinationPort.rawValue) << 16).bigEndian,
            UInt64(0x0800_0000_0000).bigEndian,
        ]
        // Version, DF, TTL 64 with UDP, and the addresses.
        let words = 0x4500 &+ 0x4000 &+ 0x4011 &+ UInt64(source.rawValue) &+ target
        sum = UInt32(Checksum.fold(words).bigEndian)
    }

    /// Writes the headers to the first 50 bytes, for an inner frame of `innerByteCount`. `vxlan` is the
    /// last word as it lies in memory.
    @inline(__always)
    func write(
        to bytes: inout MutableRawSpan, innerByteCount: Int, trafficClass: UInt8,
        sourcePort: UInt16, vxlan: UInt32
    ) {
        let length = UInt16(truncatingIfNeeded: innerByteCount)
        let total = (length &+ 36).bigEndian
        let services = UInt32(UInt16(trafficClass).bigEndian)
        let checksum = ~Checksum.fold(sum &+ UInt32(total) &+ services)
        bytes.storeBytes(of: link, toByteOffset: 0, as: SIMD2<UInt64>.self)
        bytes.storeBytes(of: network, toByteOffset: 16, as: SIMD2<UInt64>.self)
        bytes.storeBytes(of: transport, toByteOffset: 32, as: SIMD2<UInt64>.self)
        bytes.setU8(15, trafficClass)
        bytes.setMemory(16, total)
        bytes.setMemory(24, checksum)
        bytes.setU16(34, sourcePort)
        bytes.setU16(38, length &+ 16)
        bytes.setMemory(46, vxlan)
    }
}
