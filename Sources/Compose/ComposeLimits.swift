// What a configuration may cost to read. A file past one of these is refused with its place.
// Invariant: reading takes memory and time in proportion to these, whatever a file expands to.

enum ComposeLimits {
    /// Ten thousand services of twenty lines fit three times over.
    static let byteCountMax = 16 << 20
    /// Counted after aliases are expanded, so that nested aliases cannot multiply without end.
    static let treeNodeCountMax = 1_000_000
    /// What all scalars may come to after aliases are expanded: one long scalar multiplies too.
    static let treeByteCountMax = 64 << 20
    /// As long as YAML lets a key be that is not announced by a question mark. Keys come back in the
    /// path of everything below them.
    static let keyByteCountMax = 1024
    /// Compose nests eight deep at most.
    static let depthMax = 32
    /// Defaults inside defaults of `${A:-${B:-...}}`.
    static let interpolationDepthMax = 16
    /// What one scalar may grow to by interpolation.
    static let scalarByteCountMax = 1 << 20
    /// What all scalars together may grow to by interpolation.
    static let interpolatedByteCountMax = 64 << 20
    /// A file wrong in more ways than this is told so many only.
    static let errorCountMax = 50
    /// Past so many remarks the rest is left unsaid.
    static let warningCountMax = 1000
    /// How much of a value a message repeats.
    static let quotedCharacterCountMax = 80
    /// Below so many aliases no nesting of them can grow large.
    static let aliasCountHarmless = 8
}
