// A packet of a trace on its way into the mesh: its copy in the arena, what was seen of it, and the
// node it goes to. Filled in place from packet to packet, for it is too large to be handed around.

import Dataplane
import Mesh
import Wire

struct AimedPacket {
    var frame = Frame(offset: 0, byteCount: 0, wireByteCount: 0, id: 0, arrival: .network)
    var sight = PacketSight()
    var node = NodeIndex(0)
}

/// The addresses that the mesh itself sends from, its nodes' and its tasks', as a set of bits: most
/// packets of a trace come from elsewhere, and are to be told by one look.
///
/// Invariant: an address of the mesh may be in it; one that may not be is none.
struct MeshSources {
    private var words: [UInt64]

    init(_ cluster: Cluster) {
        let tasks = cluster.tasks.flatMap(\.endpoints).flatMap { endpoint in
            [endpoint.v4.map { IPv6Address(mapped: $0) }, endpoint.v6].compactMap { $0 }
        }
        let addresses = tasks + cluster.nodes.flatMap(\.addresses).map { IPv6Address($0) }
        // So many bits that one in sixteen is set at most.
        var wordCount = 64
        while wordCount * 4 < addresses.count { wordCount *= 2 }
        words = [UInt64](repeating: 0, count: wordCount)
        for address in addresses {
            let place = place(address)
            words[place.word] |= place.bit
        }
    }

    @inline(__always)
    func mayContain(_ address: IPv6Address) -> Bool {
        let place = place(address)
        return words[place.word] & place.bit != 0
    }

    @inline(__always)
    private func place(_ address: IPv6Address) -> (word: Int, bit: UInt64) {
        let mixed = (address.low ^ address.high &* 0xff51_afd7_ed55_8ccd) &* 0x9e37_79b9_7f4a_7c15
        return (
            Int(truncatingIfNeeded: mixed &>> 32) & (words.count &- 1), 1 &<< (mixed &>> 26 & 63)
        )
    }
}
