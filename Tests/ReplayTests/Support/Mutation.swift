// Damages Ethernet frames in the ways that could set the short way and the long way apart: every field
// that one of them reads, lengths that lie, cuts, padding, tags, options and wrappings. Mostly the
// IPv4 header checksum is put right afterwards, so that the damage is looked at and not the checksum.

import Wire

struct Mutation {
    var random: SplitMix64
    /// Published ports of the mesh under test, big-endian numbers.
    var ports: [UInt16]
    /// Underlay addresses of its nodes, their MACs, and MACs of its endpoints.
    var vteps: [UInt32]
    var nodeMACs: [UInt64]
    var endpointMACs: [UInt64]

    private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    private mutating func oneOf<Element>(_ values: [Element]) -> Element {
        values[below(values.count)]
    }

    /// One to three changes to a frame, and the number of bytes it had on the wire.
    mutating func apply(_ frame: [UInt8]) -> RawFrame {
        var frame = frame
        if below(4) == 0 { frame = wrapped(frame) }
        for _ in 0...below(3) { change(&frame) }
        if below(5) > 0 { repairChecksums(&frame) }
        var wire = frame.count
        switch below(8) {
        case 0: frame.removeLast(below(frame.count + 1))
        case 1:
            frame.removeLast(below(frame.count + 1))
            wire = max(frame.count, wire - below(40))
        case 2:
            let padding = [UInt8](repeating: oneOf([0, 0xa5]), count: below(64))
            frame += padding
            wire = frame.count + (below(2) == 0 ? 0 : below(100))
        default: break
        }
        return RawFrame(frame, at: 0, wireByteCount: wire)
    }

    /// One change, inside the inner packet if the frame is wrapped, as often as outside.
    private mutating func change(_ frame: inout [UInt8]) {
        if isTunnel(frame), below(2) == 0 {
            changeTunnel(&frame)
            return
        }
        let base = isTunnel(frame) && below(2) == 0 ? 50 : 0
        guard frame.count >= base + 42 else { return }
        let ip = base + 14
        let transport = ip + 20
        switch below(20) {
        case 0: frame[base + below(frame.count - base)] ^= 1 << below(8)
        case 1: frame[base + below(min(80, frame.count - base))] = UInt8(below(256))
        case 2: put(&frame, ip + 2, UInt16(below(frame.count - base + 40)))
        case 3: put(&frame, ip + 2, word(frame, ip + 2) &+ UInt16(below(7)) &- 3)
        case 4: frame[ip + 8] = UInt8(oneOf([0, 1, 2, 3, 255]))
        case 5: frame[ip + 1] = UInt8(below(256))
        case 6: frame[ip + 1] = frame[ip + 1] & 0xfc | UInt8(below(4))
        case 7: put(&frame, ip + 6, oneOf([0, 0x4000, 0x8000, 0x2000, 0x2001, 0x0001, 0x1fff]))
        case 8: frame[ip + 9] = UInt8(oneOf([0, 1, 6, 6, 17, 17, 41, 47, 132, 255]))
        case 9: frame[ip + 12] = UInt8(oneOf([0, 1, 10, 127, 223, 224, 239, 240, 255]))
        case 10: for index in 0..<4 { frame[ip + 12 + index] = frame[ip + 16 + index] }
        case 11: put(&frame, transport + 2, oneOf(ports + [4789, 0, 65535]))
        case 12: put(&frame, transport + 6, oneOf([0, 0xffff, 0x1234]))
        case 13: put(&frame, transport + 4, UInt16(below(64)))
        case 14 where frame.count > transport + 13:
            frame[transport + 12] = UInt8(oneOf([0x40, 0x50, 0x60, 0xf0, 0x00])) | UInt8(below(16))
        case 15 where frame.count > transport + 13: frame[transport + 13] = UInt8(below(256))
        case 16: frame[ip] = UInt8(oneOf([0x44, 0x45, 0x46, 0x4f, 0x55, 0x65]))
        case 17: insertOptions(&frame, at: ip)
        case 18: frame.insert(contentsOf: [0x81, 0, 0, UInt8(below(256))], at: base + 12)
        default:
            // The checksum fields' two zeros, each with a payload that asks for it.
            put(&frame, ip + 10, oneOf([0, 0xffff]))
        }
    }

    /// One change to the outer headers of a frame that is right otherwise.
    private mutating func changeTunnel(_ frame: inout [UInt8]) {
        switch below(6) {
        case 0: frame[42] = UInt8(oneOf([0, 0x08, 0x80, 0xf7, 0xff]))
        case 1:
            put32(&frame, 46, UInt32(oneOf([4096, 4097, 0, 0xff_ffff])) << 8 | UInt32(below(2)))
        case 2: frame[15] = UInt8(below(256))
        case 3: put32(&frame, 26, below(2) == 0 ? 0xcb00_7109 : oneOf(vteps))
        case 4: put48(&frame, 50, oneOf(endpointMACs))
        default: put(&frame, 38, word(frame, 38) &+ UInt16(below(5)) &- 2)
        }
    }

    private mutating func insertOptions(_ frame: inout [UInt8], at ip: Int) {
        guard frame[ip] == 0x45 else { return }
        let options: [UInt8] = oneOf([
            [1, 1, 1, 0], [0x94, 4, 0, 0], [7, 3, 4, 0], [9, 9, 9, 9],
        ])
        frame.insert(contentsOf: options, at: ip + 20)
        frame[ip] = 0x46
        put(&frame, ip + 2, word(frame, ip + 2) &+ 4)
    }

    /// In VXLAN, from a node or a stranger, to a node, right in all fields or wrong in one.
    private mutating func wrapped(_ frame: [UInt8]) -> [UInt8] {
        var inner = frame
        if inner.count >= 14, below(8) > 0 { put48(&inner, 0, oneOf(endpointMACs)) }
        var outer = [UInt8](repeating: 0, count: 50)
        let target = below(vteps.count)
        put48(&outer, 0, nodeMACs[target])
        put48(&outer, 6, oneOf(nodeMACs))
        put(&outer, 12, 0x0800)
        outer[14] = 0x45
        let ecn = inner.count > 15 && below(4) > 0 ? inner[15] & 3 : UInt8(below(4))
        outer[15] = ecn
        put(&outer, 16, UInt16(truncatingIfNeeded: inner.count + 36))
        put(&outer, 20, 0x4000)
        outer[22] = 64
        outer[23] = 17
        put32(&outer, 26, below(6) == 0 ? 0xcb00_7109 : oneOf(vteps))
        put32(&outer, 30, vteps[target])
        put(&outer, 34, UInt16(49_152 + below(16_384)))
        put(&outer, 36, 4789)
        put(&outer, 38, UInt16(truncatingIfNeeded: inner.count + 16))
        outer[42] = below(8) == 0 ? UInt8(below(256)) : 0x08
        put32(&outer, 46, UInt32(oneOf([4096, 4096, 4096, 4096, 4097, 1, 0xff_ffff])) << 8)
        return outer + inner
    }

    private func isTunnel(_ frame: [UInt8]) -> Bool {
        frame.count >= 92 && frame[23] == 17 && word(frame, 36) == 4789
    }

    private func repairChecksums(_ frame: inout [UInt8]) {
        if isTunnel(frame) { repair(&frame, at: 64) }
        repair(&frame, at: 14)
    }

    /// RFC 791's checksum of the header at `start`, added word by word.
    private func repair(_ frame: inout [UInt8], at start: Int) {
        guard frame.count >= start + 20 else { return }
        let count = Int(frame[start] & 15) * 4
        guard count >= 20, frame.count >= start + count else { return }
        put(&frame, start + 10, 0)
        var sum = 0
        for offset in stride(from: start, to: start + count, by: 2) {
            sum += Int(word(frame, offset))
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        put(&frame, start + 10, ~UInt16(sum))
    }
}

func word(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
    UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
}

func put(_ bytes: inout [UInt8], _ offset: Int, _ value: UInt16) {
    bytes[offset] = UInt8(value >> 8)
    bytes[offset + 1] = UInt8(value & 0xff)
}

func put32(_ bytes: inout [UInt8], _ offset: Int, _ value: UInt32) {
    put(&bytes, offset, UInt16(value >> 16))
    put(&bytes, offset + 2, UInt16(value & 0xffff))
}

func put48(_ bytes: inout [UInt8], _ offset: Int, _ value: UInt64) {
    put(&bytes, offset, UInt16(truncatingIfNeeded: value >> 32))
    put32(&bytes, offset + 2, UInt32(truncatingIfNeeded: value))
}
