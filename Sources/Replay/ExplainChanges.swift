// What a node did to a frame's headers: which it put on, which it took off, which fields of the
// others it changed.
//
// Headers are paired from the innermost outwards, since wrapping and unwrapping work on the outside.
// Invariant: every header of the frame before and of the frame after is in exactly one change, and
// they are in the order of their bytes, those taken off before those put on.

/// One header, before and after.
public enum HeaderChange: Equatable, Sendable {
    case added(HeaderLine)
    case removed(HeaderLine)
    case kept(before: HeaderLine, after: HeaderLine)
}

extension HeaderChange {
    /// The changes that lead from one list of headers to another.
    public static func list(from before: [HeaderLine], to after: [HeaderLine]) -> [HeaderChange] {
        var pairCount = 0
        while pairCount < min(before.count, after.count),
            before[before.count - 1 - pairCount].name == after[after.count - 1 - pairCount].name
        {
            pairCount += 1
        }
        let removed = before.dropLast(pairCount).map(HeaderChange.removed)
        let added = after.dropLast(pairCount).map(HeaderChange.added)
        let kept = zip(before.suffix(pairCount), after.suffix(pairCount)).map {
            HeaderChange.kept(before: $0, after: $1)
        }
        return removed + added + kept
    }
}
