// Frames for the fixtures: small, different from each other, and real enough for tshark and for
// filter expressions.

enum FixtureFrame {
    /// An IPv4 packet with UDP; checksums are zero, which UDP allows and tshark does not check.
    static func udp(from source: UInt16, to target: UInt16, payload: Int) -> [UInt8] {
        let byteCount = 28 + payload
        var packet: [UInt8] = [0x45, 0, UInt8(byteCount >> 8), UInt8(byteCount & 0xff)]
        packet += [0, 1, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2]
        packet += [UInt8(source >> 8), UInt8(source & 0xff)]
        packet += [UInt8(target >> 8), UInt8(target & 0xff)]
        packet += [UInt8((8 + payload) >> 8), UInt8((8 + payload) & 0xff), 0, 0]
        return packet + (0..<payload).map { UInt8($0 & 0xff) }
    }

    /// An IPv6 packet with UDP.
    static func udp6(from source: UInt16, to target: UInt16) -> [UInt8] {
        let address: [UInt8] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        return [0x60, 0, 0, 0, 0, 8, 17, 64] + address + [1] + address + [2]
            + [UInt8(source >> 8), UInt8(source & 0xff), UInt8(target >> 8), UInt8(target & 0xff)]
            + [0, 8, 0x12, 0x34]
    }

    static func ethernet(_ packet: [UInt8]) -> [UInt8] {
        let isIPv6 = packet[0] >> 4 == 6
        return [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1] + (isIPv6 ? [0x86, 0xdd] : [8, 0]) + packet
    }

    static func linuxCooked(_ packet: [UInt8]) -> [UInt8] {
        [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0] + packet
    }

    static func linuxCooked2(_ packet: [UInt8]) -> [UInt8] {
        [8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0] + packet
    }

    /// A frame of `linkType`, the `index`-th of its kind.
    static func sample(_ linkType: UInt32, _ index: Int) -> [UInt8] {
        let packet = udp(from: UInt16(40_000 + index), to: 53, payload: index * 7)
        return switch linkType {
        case 1: ethernet(packet)
        case 113: linuxCooked(packet)
        case 276: linuxCooked2(packet)
        case 229: udp6(from: UInt16(40_000 + index), to: 53)
        default: packet
        }
    }
}
