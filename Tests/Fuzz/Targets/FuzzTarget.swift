// What is fuzzed, by name. A target takes any bytes and answers nil, or one sentence about a promise
// that was broken; a trap says so by itself. The fuzzer runs targets on bytes it makes up, and the
// ordinary tests run them on the corpora it left.

public enum FuzzTarget: String, CaseIterable, Sendable {
    /// Every header view, and what is changed through one.
    case wire
    /// Capture files.
    case capture
    /// Frames through all nodes of a mesh.
    case dataplane
    /// IP packets and rule changes through a director.
    case director
    /// Rules files, settings and marks.
    case rules

    /// What is wrong with how `bytes` were taken; nil if nothing is.
    public func complaint(about bytes: [UInt8]) -> String? {
        switch self {
        case .wire: fuzzWire(bytes)
        case .capture: fuzzCapture(bytes)
        case .dataplane: fuzzDataplane(bytes)
        case .director: fuzzDirector(bytes)
        case .rules: fuzzRules(bytes)
        }
    }
}
