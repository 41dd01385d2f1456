// Values to bytes, as the writers lay them down: little-endian, on every machine.

extension [UInt8] {
    mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        unsafe Swift.withUnsafeBytes(of: value.littleEndian) { bytes in
            unsafe append(contentsOf: bytes)
        }
    }

    mutating func append(copying bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { bytes in unsafe append(contentsOf: bytes) }
    }

    /// Zeros up to the next multiple of four.
    mutating func pad() {
        append(contentsOf: repeatElement(0, count: padded(count) - count))
    }

    /// Replaces the 32-bit integer at `offset`.
    mutating func replace(at offset: Int, littleEndian value: UInt32) {
        for index in 0..<4 {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
        }
    }
}
