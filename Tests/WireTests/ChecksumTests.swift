// Goal: the Internet checksum and its incremental form. Method: a naive second implementation that
// follows RFC 1071 word by word, the numbers printed in RFC 1071 and RFC 1624, and seeded data.

import Testing
import Wire

@Suite struct ChecksumTests {
    /// RFC 1071, section 4.1, as slowly as it is written there.
    private func naiveChecksum(_ bytes: some Sequence<UInt8>, seed: UInt64 = 0) -> UInt16 {
        var sum = seed
        var isHigh = true
        for byte in bytes {
            sum += isHigh ? UInt64(byte) << 8 : UInt64(byte)
            isHigh.toggle()
        }
        while sum >> 16 != 0 { sum = (sum & 0xffff) + (sum >> 16) }
        return ~UInt16(sum)
    }

    @Test func theExampleOfRFC1071() {
        let bytes: [UInt8] = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]
        #expect(Checksum.fold(Checksum.sum(bytes.span.raw)) == 0xddf2)
    }

    @Test func fastEqualsNaiveAtAnyLengthAndAlignment() {
        var random = SeededGenerator(seed: 1071)
        let bytes = random.bytes(2100)
        for length in 0..<160 {
            for start in 0..<16 {
                let part = bytes[start..<start + length]
                let span = bytes.span.raw.extracting(start..<start + length)
                #expect(Checksum.of(span) == naiveChecksum(part))
            }
        }
        for _ in 0..<500 {
            let start = Int.random(in: 0..<32, using: &random)
            let end = Int.random(in: start..<bytes.count, using: &random)
            let seed = UInt64(random.value(UInt32.self))
            let fast = Checksum.of(bytes.span.raw.extracting(start..<end), seed: seed)
            #expect(fast == naiveChecksum(bytes[start..<end], seed: seed))
        }
    }

    @Test(arguments: [UInt8(0), 0xff])
    func fastEqualsNaiveOverTheLongestPacketOfOneValue(value: UInt8) {
        let bytes = [UInt8](repeating: value, count: 65_535)
        #expect(Checksum.of(bytes.span.raw) == naiveChecksum(bytes))
    }

    @Test func theExampleOfRFC1624() {
        // Section 4: with HC = 0xdd2f, the word 0x5555 becomes 0x3285 and HC' is 0x0000, where
        // equation 2 of RFC 1141 would give 0xffff.
        var delta = ChecksumDelta()
        delta.replace(0x5555 as UInt16, with: 0x3285)
        #expect(delta.applied(to: 0xdd2f) == 0x0000)
    }

    @Test func incrementalEqualsRecomputedForEveryCornerValue() {
        let corners: [UInt16] = [0x0000, 0x0001, 0x7fff, 0x8000, 0xfffe, 0xffff]
        for old in corners {
            for new in corners {
                for rest in corners where rest != 0 || old != 0 {
                    expectIncremental(rest: rest, old: old, new: new)
                }
            }
        }
    }

    @Test func incrementalEqualsRecomputedForRandomWords() {
        var random = SeededGenerator(seed: 1624)
        for _ in 0..<5000 {
            expectIncremental(
                rest: random.value() | 1, old: random.value(), new: random.value())
        }
    }

    /// The data are one word that stays, never zero, and one that changes. All zeros cannot be an
    /// IP or transport header, and is the one case in which the forms differ.
    private func expectIncremental(rest: UInt16, old: UInt16, new: UInt16) {
        guard rest != 0 else { return }
        func bytes(_ word: UInt16) -> [UInt8] {
            [UInt8(rest >> 8), UInt8(rest & 0xff), UInt8(word >> 8), UInt8(word & 0xff)]
        }
        var delta = ChecksumDelta()
        delta.replace(old, with: new)
        let incremental = delta.applied(to: naiveChecksum(bytes(old)))
        #expect(incremental == naiveChecksum(bytes(new)), "\(rest) \(old) \(new)")
    }

    @Test func aWrongChecksumStaysWrongByTheSameAmount() {
        var random = SeededGenerator(seed: 33)
        for _ in 0..<1000 {
            var bytes = random.bytes(40)
            let error = UInt64(random.value(UInt16.self) | 1)
            let wrong = ~Checksum.fold(UInt64(~naiveChecksum(bytes)) + error)
            var delta = ChecksumDelta()
            let new = random.ipv6()
            let old = IPv6Address(high: bytes.span.raw.u64(8), low: bytes.span.raw.u64(16))
            delta.replace(old, with: new)
            bytes.edit {
                $0.setU64(8, new.high)
                $0.setU64(16, new.low)
            }
            let expected = ~Checksum.fold(UInt64(~naiveChecksum(bytes)) + error)
            #expect(delta.applied(to: wrong) == expected)
        }
    }

    @Test func aStretchIsReplacedByItsSums() {
        var random = SeededGenerator(seed: 34)
        for _ in 0..<500 {
            let head = random.bytes(20)
            let old = random.bytes(33)
            let new = random.bytes(33)
            var delta = ChecksumDelta()
            delta.replaceSum(
                Checksum.sum(old.span.raw), with: Checksum.sum(new.span.raw))
            #expect(delta.applied(to: naiveChecksum(head + old)) == naiveChecksum(head + new))
        }
    }
}
