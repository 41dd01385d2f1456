// Goal: a damaged file gives a warning or an error that says where, never a trap, and never costs
// the packets before the damage.
//
// Method: every fixture cut at every length, with what must happen worked out from where its
// records end; single lies with their expected place; seeded bit flips, compared with libpcap for
// the classic format.

import Capture
import Testing

@Suite struct DamageTests {
    @Test(arguments: Fixtures.all)
    func `a file cut anywhere keeps what precedes the cut`(file: FixtureFile) throws {
        for byteCount in 0..<file.bytes.count {
            let reading = Reading(bytes: Array(file.bytes.prefix(byteCount)))
            guard let last = file.boundaries.last(where: { $0 <= byteCount }) else {
                #expect(reading.error != nil)
                continue
            }
            #expect(reading.error == nil)
            #expect(reading.packets == Array(file.packets.prefix(reading.packets.count)))
            #expect((reading.truncation == nil) == (last == byteCount))
            guard last != byteCount else { continue }
            #expect(reading.truncation?.byteOffset == last)
            let missing = try #require(reading.truncation?.missingByteCount)
            let end = try #require(file.boundaries.first { $0 > byteCount })
            // Once the length of the record can be read, the count is exact.
            #expect(byteCount - last < 16 ? missing > 0 : missing == end - byteCount)
        }
    }

    @Test(arguments: Lie.all)
    func `a lie is an error that names file, byte and reason`(lie: Lie) {
        let reading = Reading(bytes: lie.bytes, name: "lie.pcap")
        #expect(reading.error?.description == "lie.pcap: \(lie.message)")
        #expect(reading.packets.count == lie.packetCount)
    }

    @Test(arguments: Lie.classic)
    func `a lie in a file has its place too, whatever the byte order`(lie: Lie) throws {
        try withTemporaryPath("lie.pcap") { path in
            try write(lie.bytes, to: path)
            #expect(Reading(path: path).error?.description == "\(path): \(lie.message)")
        }
    }

    @Test func `an error comes again when the reader is asked again`() throws {
        var reader = try CaptureReader(bytes: Lie.all[0].bytes, name: "lie")
        var record = PacketRecord()
        var errors: [CaptureError] = []
        for _ in 0..<4 {
            do { _ = try reader.next(&record) } catch { errors.append(error) }
        }
        #expect(errors.count == 3 && errors[0] == errors[2])
    }

    @Test func `a batch that meets an error returns the packets before it first`() throws {
        var file = Fixtures.classic[0]
        file.bytes += [UInt8](repeating: 0xff, count: 16)
        var reader = try CaptureReader(bytes: file.bytes, name: "lie")
        var records = [PacketRecord](repeating: PacketRecord(), count: 100)
        let count = try reader.next(&records)
        #expect(count == file.packets.count)
        var error: CaptureError?
        do { _ = try reader.next(&records) } catch let failure { error = failure }
        #expect(error != nil)
    }

    @Test func `ten thousand seeded mutations end in packets or in an error`() {
        var numbers = SplitMix64(state: 20_240_501)
        var outcomes = (read: 0, cut: 0, refused: 0)
        for round in 0..<10_000 {
            let file = Fixtures.all[round % Fixtures.all.count]
            let reading = Reading(bytes: mutate(file.bytes, &numbers))
            if reading.error != nil {
                outcomes.refused += 1
            } else if reading.truncation != nil {
                outcomes.cut += 1
            } else {
                outcomes.read += 1
            }
        }
        #expect(outcomes.read > 1000 && outcomes.cut > 1000 && outcomes.refused > 1000)
    }

    @Test func `libpcap makes the same of mutated classic files`() {
        var numbers = SplitMix64(state: 7)
        for round in 0..<4000 {
            let file = Fixtures.classic[round % Fixtures.classic.count]
            let bytes = file.bytes.prefix(24) + mutate(Array(file.bytes.dropFirst(24)), &numbers)
            let oracle = LibpcapOracle(bytes: Array(bytes))
            let reading = Reading(bytes: Array(bytes))
            // libpcap keeps seconds and fractions in 32 signed bits, so times are left out.
            #expect(reading.packets.map(\.withoutTime) == oracle.packets.map(\.withoutTime))
            let isDamaged = reading.error != nil || reading.truncation != nil
            #expect(isDamaged == (oracle.failure != nil))
        }
    }

    @Test func `libpcap makes the same of mutated pcapng files as far as it reads them`() {
        let files = Fixtures.all.filter { $0.name.hasPrefix("pcapng") && !$0.isRefusedByLibpcap }
        var numbers = SplitMix64(state: 11)
        var compared = 0
        for round in 0..<8000 {
            let bytes = mutate(files[round % files.count].bytes, &numbers)
            let oracle = LibpcapOracle(bytes: bytes)
            let reading = Reading(bytes: bytes)
            // libpcap gives a packet without a time stamp the interface's offset as its time.
            let theirs = oracle.packets.map(\.withoutTime)
            let ours = reading.packets.map(\.withoutTime)
            let count = min(theirs.count, ours.count)
            #expect(ours.prefix(count) == theirs.prefix(count))
            if oracle.failure == nil && reading.error == nil {
                #expect(ours.count == theirs.count)
            }
            compared += count
        }
        #expect(compared > 1000)
    }

    /// One to four bits flipped, and now and then the end cut off.
    private func mutate(_ bytes: [UInt8], _ numbers: inout SplitMix64) -> [UInt8] {
        guard !bytes.isEmpty else { return bytes }
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &numbers) {
            let index = Int.random(in: 0..<bytes.count, using: &numbers)
            bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
        }
        if Int.random(in: 0..<8, using: &numbers) == 0 {
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &numbers))
        }
        return bytes
    }
}

extension ExpectedPacket {
    fileprivate var withoutTime: ExpectedPacket {
        var packet = asLibpcap
        packet.timestampNanoseconds = 0
        return packet
    }
}
