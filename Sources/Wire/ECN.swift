// Explicit congestion notification across a tunnel (RFC 3168 codepoints, RFC 6040 rules).
//
// Invariant: a mark made inside the tunnel is never lost when the outer header goes: either the
// inner packet learns of it or, not being able to, is dropped.

/// The two low bits of the traffic class.
public enum ECN: UInt8, CaseIterable, Sendable {
    case notECT = 0b00
    case ect1 = 0b01
    case ect0 = 0b10
    case ce = 0b11

    /// The codepoint within a traffic class.
    @inlinable public init(trafficClass: UInt8) {
        self =
            switch trafficClass & 3 {
            case 0b01: .ect1
            case 0b10: .ect0
            case 0b11: .ce
            default: .notECT
            }
    }

    /// The traffic class with its codepoint replaced by this one.
    @inlinable public func replacing(in trafficClass: UInt8) -> UInt8 {
        trafficClass & 0xfc | rawValue
    }

    /// What the inner packet, marked `self`, goes on with when an outer header marked `outer` is
    /// taken off; nil when it must be dropped (RFC 6040, figure 4).
    @inlinable public func decapsulated(from outer: ECN) -> ECN? {
        switch (self, outer) {
        case (.notECT, .ce): nil
        case (.notECT, _), (.ce, _): self
        case (_, .ce): .ce
        case (.ect0, .ect1): .ect1
        default: self
        }
    }
}
