// Goal: what the layout of a batch is relied on for. Method: the sizes that the compiler gives, and where
// frames of every length come to lie.

import Dataplane
import Testing
import Wire

@Suite struct FrameTests {
    @Test func `a frame fills a cache line`() {
        #expect(MemoryLayout<Frame>.size == 64)
        #expect(MemoryLayout<Frame>.stride == 64)
    }

    @Test func `every frame of an arena starts with a cache line`() throws {
        var arena = FrameArena()
        for round in 0..<3 {
            for byteCount in [0, 1, 60, 63, 64, 65, 1_514, 9_018] {
                let bytes = [UInt8](repeating: UInt8(round), count: byteCount + 1)
                let place = arena.append(bytes.span.raw)
                let offset = try #require(place)
                let frame = arena.bytes(in: offset..<offset + bytes.count)
                let (before, last) = (frame.byteCountBeforeLine, frame.u8(byteCount))
                #expect(before == 0 && last == UInt8(round))
            }
            arena.removeAll()
        }
    }

    @Test func `a frame that is used again is a new frame`() {
        var frame = Frame(
            offset: 1, byteCount: 2, wireByteCount: 3, id: 4,
            arrival: .task(EndpointIndex(5)))
        frame.verdict = .dropped(.truncatedEthernet)
        frame.choice.hash = 6
        frame.renew(offset: 7, byteCount: 8, wireByteCount: 9, id: 10, timestamp: 11)
        #expect(frame.range == 7..<15)
        #expect((frame.wireByteCount, frame.id, frame.timestamp) == (9, 10, 11))
        #expect(frame.arrival == .network && frame.verdict == .pending && frame.choice == .none)
    }
}
