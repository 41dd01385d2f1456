// How long nodes and wire took. Reading a clock takes as long as a packet does, and some batches are two
// packets, so what part of the time the wire takes is looked at closely in one batch of sixteen.
//
// Invariant: all time is counted; the wire's part of it is in proportion to what was seen closely.

struct MeshStopwatch {
    /// Nanoseconds altogether.
    private(set) var busyNanoseconds: UInt64 = 0
    /// Nanoseconds of what was looked at closely, and of those the wire's.
    private var seenNanoseconds: UInt64 = 0
    private var seenWireNanoseconds: UInt64 = 0
    private var count = 0

    /// Whether the next batch is to be looked at closely.
    var looksCloser: Bool { count % 16 == 0 }

    /// Nanoseconds on the wire, of all.
    var wireNanoseconds: UInt64 {
        guard seenNanoseconds > 0 else { return 0 }
        let part = Double(seenWireNanoseconds) / Double(seenNanoseconds)
        return UInt64(Double(busyNanoseconds) * part)
    }

    /// Adds a batch; `wire` if it was looked at closely.
    mutating func add(_ nanoseconds: UInt64, onWire wire: UInt64? = nil) {
        busyNanoseconds &+= nanoseconds
        count &+= 1
        guard let wire else { return }
        seenNanoseconds &+= nanoseconds
        seenWireNanoseconds &+= wire
    }
}
