// How often a trace is read, and where that ends: after so many passes, at so many packets, or because whoever
// watches says so.
//
// Invariant: a trace without packets is read once, for it has none in the next pass either.

struct TracePasses {
    private let loopCount: UInt64
    private let packetLimit: UInt64?
    /// Passes that are over.
    private(set) var count: UInt64 = 0
    private var isStopped = false

    init(loopCount: UInt64, packetLimit: UInt64?) {
        self.loopCount = loopCount
        self.packetLimit = packetLimit
    }

    /// Starts with the first pass.
    mutating func begin() { count = 0 }

    mutating func end() { count += 1 }

    /// Whether there is to be another pass.
    func hasNext(after tally: TraceTally) -> Bool {
        count < loopCount && !isOver(tally) && (count == 0 || tally.packetCount > 0)
    }

    /// Whether no other packet is to be read.
    @inline(__always)
    func isOver(_ tally: borrowing TraceTally) -> Bool {
        isStopped || packetLimit.map { tally.packetCount >= $0 } ?? false
    }

    /// Tells now and then how many packets were read, and notes whether to go on.
    @inline(__always)
    mutating func show(_ packetCount: UInt64, _ progress: (UInt64) -> Bool) {
        if packetCount & 0xffff == 0 { isStopped = !progress(packetCount) }
    }
}
