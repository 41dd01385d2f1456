// pcapng time stamps (draft-ietf-opsawg-pcapng, if_tsresol and if_tsoffset) to nanoseconds.
//
// Invariant: the conversion is exact, rounded towards the past when the resolution is finer than a
// nanosecond, at every resolution 64 bits can count: powers of ten to 10^-19, of two to 2^-63.

struct TimestampScale {
    private enum Step {
        case multiply(UInt64)
        case divide(UInt64)
        case binary(UInt8)
    }

    /// The if_tsresol byte: the exponent, with the top bit for base two.
    let resolution: UInt8
    let offsetSeconds: Int64
    private let step: Step

    /// Nil when 64 bits cannot count so fine a resolution.
    init?(resolution: UInt8 = 6, offsetSeconds: Int64 = 0) {
        self.resolution = resolution
        self.offsetSeconds = offsetSeconds
        switch resolution {
        case 0...9: step = .multiply(powerOfTen(9 - resolution))
        case 10...19: step = .divide(powerOfTen(resolution - 9))
        case 0x80...0xbf: step = .binary(resolution & 0x7f)
        default: return nil
        }
    }

    /// Nanoseconds since the epoch; nil when that is before 1970 or after 2554.
    @inline(__always)
    func nanoseconds(_ ticks: UInt64) -> UInt64? {
        guard case .multiply(let factor) = step, offsetSeconds == 0 else { return slow(ticks) }
        let (value, overflow) = ticks.multipliedReportingOverflow(by: factor)
        return overflow ? nil : value
    }

    private func slow(_ ticks: UInt64) -> UInt64? {
        let value: Int128 =
            switch step {
            case .multiply(let factor): Int128(ticks) * Int128(factor)
            case .divide(let divisor): Int128(ticks / divisor)
            case .binary(let shift): Int128((UInt128(ticks) * 1_000_000_000) >> UInt128(shift))
            }
        return UInt64(exactly: value + Int128(offsetSeconds) * 1_000_000_000)
    }
}

private func powerOfTen(_ exponent: UInt8) -> UInt64 {
    (0..<exponent).reduce(1) { power, _ in power * 10 }
}
