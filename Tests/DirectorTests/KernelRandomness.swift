// The fields of emitted packets that the kernel draws at random, set to zero in both of two packets
// before they are compared; Tests/Oracle/README.md lists them and Tests/Oracle/randomness.py does the
// same for two recordings. Everything else is compared byte for byte.

enum KernelRandomness {
    private static let guePort: [UInt8] = [0x17, 0xc0]

    static func masked(_ packet: [UInt8]) -> [UInt8] {
        var packet = packet
        mask(&packet, from: 0)
        return packet
    }

    private static func mask(_ packet: inout [UInt8], from start: Int) {
        let count = packet.count - start
        if count > 20, packet[start] >> 4 == 4 {
            maskIPv4(&packet, start)
        } else if count >= 48, packet[start] >> 4 == 6 {
            maskIPv6(&packet, start)
        }
    }

    private static func maskIPv4(_ packet: inout [UInt8], _ start: Int) {
        let transport = start + Int(packet[start] & 15) * 4
        guard packet.count >= transport else { return }
        if transport > start + 20 { maskTimestamps(&packet, start, transport) }
        maskIdentification(&packet, start)
        let isLater = packet[start + 6] & 0x1f != 0 || packet[start + 7] != 0
        guard !isLater else { return }
        switch packet[start + 9] {
        case 17: maskPort(&packet, transport)
        case 4: mask(&packet, from: transport)
        case 47 where packet.count > transport && packet[transport] == 0:
            mask(&packet, from: transport + 4)
        default: break
        }
    }

    /// In headers that the director made: tunnels' from its links' addresses, errors from any.
    private static func maskIdentification(_ packet: inout [UInt8], _ start: Int) {
        let source = Array(packet[start + 12..<start + 16])
        let proto = packet[start + 9]
        let isLink = source == [10, 1, 0, 1] || source == [10, 2, 0, 1]
        let isTunnel = isLink && [4, 17, 41, 47].contains(proto)
        let isOwn = isLink || source.starts(with: [10, 0, 0])
        let isLater = packet[start + 6] & 0x1f != 0 || packet[start + 7] != 0
        let isError =
            isOwn && proto == 1
            && (isLater || (packet.count > start + 20 && [3, 4, 5, 11, 12].contains(packet[start + 20])))
        guard isTunnel || isError else { return }
        for offset in [4, 5, 10, 11] { packet[start + offset] = 0 }
    }

    /// GUE's source port, and the checksum that covers it where there is one.
    private static func maskPort(_ packet: inout [UInt8], _ start: Int) {
        guard packet.count >= start + 8, Array(packet[start + 2..<start + 4]) == guePort else {
            return
        }
        packet[start] = 0
        packet[start + 1] = 0
        if packet[start + 6] != 0 || packet[start + 7] != 0 {
            packet[start + 6] = 0xff
            packet[start + 7] = 0xff
        }
    }

    private static func maskTimestamps(_ packet: inout [UInt8], _ start: Int, _ end: Int) {
        var at = start + 20
        while at + 4 <= end, packet[at] != 0 {
            let length = packet[at] == 1 ? 1 : max(Int(packet[at + 1]), 2)
            if packet[at] == 68 {
                let step = packet[at + 3] & 15 == 0 ? 4 : 8
                for word in stride(from: at + step, to: at + length, by: step) where word + 4 <= packet.count {
                    for offset in word..<word + 4 { packet[offset] = 0 }
                }
                packet[start + 10] = 0
                packet[start + 11] = 0
            }
            at += length
        }
    }

    private static func maskIPv6(_ packet: inout [UInt8], _ start: Int) {
        guard packet[start + 6] == 44 else {
            if packet[start + 6] == 17 { maskPort(&packet, start + 40) }
            return
        }
        for offset in 44..<48 { packet[start + offset] = 0 }
        let isFirst = packet[start + 42] == 0 && packet[start + 43] < 8
        if isFirst, packet[start + 40] == 17 { maskPort(&packet, start + 48) }
    }
}
