// From a drawn frame size to the count of payload bytes that makes a frame of that size.
//
// Invariant: a packet is never larger than the trace's largest, and always carries some data.

struct PacketSizes {
    private let mix: SizeMix
    private let totalWeight: Int
    private let linkByteCount: Int
    let packetByteCountMax: Int

    init(_ mix: SizeMix, linkByteCount: Int, packetByteCountMax: Int) {
        self.mix = mix
        totalWeight = mix.totalWeight
        self.linkByteCount = linkByteCount
        self.packetByteCountMax = packetByteCountMax
    }

    /// Draws the count of payload bytes behind `overheadByteCount` of IP and transport headers.
    func payloadByteCount(behind overheadByteCount: Int, _ random: inout RandomSource) -> Int {
        let wish = mix.byteCount(at: random.below(totalWeight)) - linkByteCount
        let room = min(wish, packetByteCountMax) - overheadByteCount
        return max(Payload.byteCountMin, room)
    }
}
