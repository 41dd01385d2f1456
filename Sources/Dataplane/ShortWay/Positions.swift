// Positions of a stretch, in order: which of its frames take the same way from here on. A loop over them
// has nothing left to guess, where a loop over all frames would ask each which way it goes.
//
// Invariant: no more positions than a stretch has frames.

struct Positions {
    private var storage = InlineArray<64, UInt8>(repeating: 0)
    private(set) var count = 0

    init() {}

    @inline(__always)
    mutating func append(_ position: Int) {
        storage[count] = UInt8(truncatingIfNeeded: position)
        count &+= 1
    }

    @inline(__always)
    subscript(_ index: Int) -> Int { Int(storage[index]) }
}

/// A stretch, sorted by what is left to be done with its frames.
struct Sorted {
    /// What goes to other nodes, of either family.
    var sent = Positions()
    /// What is for tasks of this node.
    var delivered4 = Positions()
    var delivered6 = Positions()
}
