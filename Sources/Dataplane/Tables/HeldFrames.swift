// Fragments that came before the first one of their datagram, kept until it comes or their time is
// up. Invariant: at most `Limits.heldFrameCountMax` frames of `Limits.heldFrameByteCountMax` bytes;
// every frame put in comes out again exactly once, as released or as timed out.

import Wire

struct HeldFrames: ~Copyable {
    private struct Entry {
        var datagram: DatagramKey
        var frame: Frame
        var expires: UInt32
    }

    private var entries: [Entry?]
    private var bytes: [UInt8]
    private(set) var count = 0

    init() {
        entries = [Entry?](repeating: nil, count: Limits.heldFrameCountMax)
        let byteCount = Limits.heldFrameCountMax * Limits.heldFrameByteCountMax
        bytes = [UInt8](repeating: 0, count: byteCount)
    }

    /// Copies a frame away; false when there is no room for it.
    mutating func hold(
        _ frame: Frame, _ content: RawSpan, of datagram: DatagramKey, now: UInt32
    ) -> Bool {
        guard content.byteCount <= Limits.heldFrameByteCountMax,
            let index = entries.firstIndex(where: { $0 == nil })
        else { return false }
        var span = bytes.mutableSpan
        var raw = span.raw
        raw.copy(content, at: index * Limits.heldFrameByteCountMax)
        let expires = now &+ Limits.fragmentTimeoutSeconds
        entries[index] = Entry(datagram: datagram, frame: frame, expires: expires)
        count += 1
        return true
    }

    /// Moves the frames of a datagram back into the work, as far as they fit.
    mutating func release(
        _ datagram: DatagramKey, into work: inout Work
    ) {
        guard count > 0 else { return }
        for index in entries.indices {
            guard let entry = entries[index], entry.datagram == datagram else { continue }
            giveBack(index, verdict: .pending, into: &work)
        }
    }

    /// Moves the frames whose time is up back into the work, judged.
    @inline(__always)
    mutating func expire(now: UInt32, into work: inout Work) {
        guard count > 0 else { return }
        expireSome(now: now, into: &work)
    }

    @inline(never)
    private mutating func expireSome(now: UInt32, into work: inout Work) {
        for index in entries.indices {
            guard let entry = entries[index], entry.expires < now else { continue }
            giveBack(index, verdict: .dropped(.fragmentTimeout), into: &work)
        }
    }

    private mutating func giveBack(
        _ index: Int, verdict: Verdict, into work: inout Work
    ) {
        guard let entry = entries[index], work.freeFrameCount > 0 else { return }
        let start = index * Limits.heldFrameByteCountMax
        let range = start..<start + entry.frame.byteCount
        guard let offset = work.copy(bytes.span.raw.extracting(range)) else { return }
        var frame = entry.frame
        frame.offset = offset
        frame.origin = .released
        frame.verdict = verdict
        work.append(frame)
        entries[index] = nil
        count -= 1
    }
}
