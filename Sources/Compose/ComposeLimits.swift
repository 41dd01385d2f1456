// What a configuration may cost to read. A file past one of these is refused with its place.
// Invariant: reading takes memory and time in proportion to these, whatever a file expands to.

enum ComposeLimits {
    /// Ten thousand services of twenty lines fit three times over.
    static let byteCountMax = 16 << 20
    /// Counted after aliases are expanded, so that nested aliases cannot multiply without end.
    static let treeNodeCountMax = 1_000_000
    /// Compose nests eight deep at most.
    static let depthMax = 32
    /// Defaults inside defaults of `${A:-${B:-...}}`.
    static let interpolationDepthMax = 16
    /// What one scalar may grow to by interpolation.
    static let scalarByteCountMax = 1 << 20
    /// A file wrong in more ways than this is told so many only.
    static let errorCountMax = 50
    /// Below so many aliases no nesting of them can grow large.
    static let aliasCountHarmless = 8
}
