// Goal: CRC32c, whole and incremental. Method: the vectors of RFC 3720, appendix B.4, and a naive
// implementation that divides bit by bit, against which every table entry is exercised.

import Testing
import Wire

@Suite struct CRC32cTests {
    private func naiveRegister(_ register: UInt32, _ bytes: some Sequence<UInt8>) -> UInt32 {
        var register = register
        for byte in bytes {
            register ^= UInt32(byte)
            for _ in 0..<8 {
                register = register & 1 == 1 ? register >> 1 ^ 0x82f6_3b78 : register >> 1
            }
        }
        return register
    }

    @Test func theVectorsOfRFC3720() {
        let up = (0..<32).map { UInt8($0) }
        let command = [UInt8](
            hex: "01c00000000000000000000000000000140000000000040000000014"
                + "0000001828000000000000000200000000000000")
        let vectors: [([UInt8], UInt32)] = [
            ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
            ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
            (up, 0x46dd_794e), (up.reversed(), 0x113f_db5c), (command, 0xd996_3a56),
            (Array("123456789".utf8), 0xe306_9283),
        ]
        for (bytes, checksum) in vectors { #expect(CRC32c.of(bytes.span.raw) == checksum) }
    }

    @Test func everyTableEntryEqualsTheBitwiseRemainder() {
        // One byte of eight set, the others zero, from a zero register: one entry of one table.
        for slice in 0..<8 {
            for value in UInt8.min ... .max {
                var bytes = [UInt8](repeating: 0, count: 8)
                bytes[slice] = value
                #expect(CRC32c.update(0, with: bytes.span.raw) == naiveRegister(0, bytes))
            }
        }
    }

    @Test func anyLengthAndAlignmentEqualsTheBitwiseRemainder() {
        var random = SeededGenerator(seed: 9260)
        let bytes = random.bytes(120)
        for start in 0..<9 {
            for end in start...bytes.count {
                let register = random.value(UInt32.self)
                let fast = CRC32c.update(register, with: bytes.span.raw.extracting(start..<end))
                #expect(fast == naiveRegister(register, bytes[start..<end]))
            }
        }
    }

    @Test func appendingZerosEqualsReadingThem() {
        var random = SeededGenerator(seed: 9261)
        let counts = Array(0...300) + [4095, 4096, 9000, 65_535, 65_536, 1_048_576 + 17]
        for count in counts {
            let register = random.value(UInt32.self)
            let zeros = [UInt8](repeating: 0, count: count)
            let read = CRC32c.update(register, with: zeros.span.raw)
            #expect(CRC32c.appendingZeros(register, count: count) == read)
        }
    }

    @Test func zeroCountsBeyondAnyPacketObeyTheSameLaw() {
        // Every digit of the count has its own row of powers; splitting the count must not matter.
        var random = SeededGenerator(seed: 9262)
        for _ in 0..<300 {
            let register = random.value(UInt32.self)
            let first = Int(random.value(UInt32.self) >> 1)
            let second = Int(random.value(UInt32.self) >> 1)
            let twice = CRC32c.appendingZeros(
                CRC32c.appendingZeros(register, count: first), count: second)
            #expect(twice == CRC32c.appendingZeros(register, count: first + second))
        }
    }

    @Test func aPortRewriteEqualsRecomputation() {
        var random = SeededGenerator(seed: 9263)
        for _ in 0..<300 {
            let payload = random.bytes(Int.random(in: 0..<1500, using: &random))
            var packet = sctp(payload: payload, &random)
            let packetByteCount = packet.count
            let source = random.port()
            let destination = random.port()
            packet.edit {
                guard
                    var ports = MutableTransportPorts(
                        &$0, proto: .sctp, packetByteCount: packetByteCount)
                else { return }
                ports.setSource(source)
                ports.setDestination(destination)
            }
            let tag = packet.span.raw.u32(4)
            let rebuilt = [UInt8](SCTPFields.byteCount, before: payload) {
                SCTPFields(
                    sourcePort: source, destinationPort: destination, verificationTag: tag,
                    payloadByteCount: payload.count
                ).write(to: &$0)
            }
            #expect(packet == rebuilt)
        }
    }

    @Test func aDamagedPacketStaysDamagedAndACutOneStaysRight() throws {
        var random = SeededGenerator(seed: 9264)
        let payload = random.bytes(200)
        let intact = sctp(payload: payload, &random)
        func rewritten(_ packet: [UInt8]) -> [UInt8] {
            var packet = packet
            packet.edit {
                var ports = MutableTransportPorts(&$0, proto: .sctp, packetByteCount: intact.count)
                ports?.setDestination(Port(9))
            }
            return packet
        }
        #expect(SCTPHeader(rewritten(intact).span.raw)?.isChecksumValid == true)
        var damaged = intact
        damaged[100] ^= 0x10
        #expect(SCTPHeader(rewritten(damaged).span.raw)?.isChecksumValid == false)
        #expect(rewritten(Array(intact.prefix(12))) == Array(rewritten(intact).prefix(12)))
        #expect(rewritten(Array(intact.prefix(8))) == Array(rewritten(intact).prefix(8)))
    }

    private func sctp(payload: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        let fields = SCTPFields(
            sourcePort: random.port(), destinationPort: random.port(),
            verificationTag: random.value(), payloadByteCount: payload.count)
        return [UInt8](SCTPFields.byteCount, before: payload) { fields.write(to: &$0) }
    }
}
