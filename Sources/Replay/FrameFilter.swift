// The `--filter` of a replay: which packets of a trace are put in, by libpcap's language.
// Invariant: packets are asked for in the form they have in the arena, as Ethernet frames, whatever the
// link type of the trace; without a filter every packet matches.

import Capture

struct FrameFilter: ~Copyable {
    private let filter: PacketFilter?

    /// Every packet matches.
    init() { filter = nil }

    /// Reads the option, which nobody need have given.
    init(_ text: String?) throws(ReplayError) {
        guard let text else {
            filter = nil
            return
        }
        do throws(CaptureFault) {
            filter = try PacketFilter(text, linkType: .ethernet)
        } catch {
            throw .filter("\(error)")
        }
    }

    func matches(_ frame: RawSpan, wireByteCount: Int) -> Bool {
        switch filter {
        case .none: true
        case .some(let filter): filter.matches(frame, originalByteCount: wireByteCount)
        }
    }
}
