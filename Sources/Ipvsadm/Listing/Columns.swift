// Text in columns as C's printf(3) sets it: filled with spaces on the right or on the left, never
// cut, and large numbers with a letter for their thousands.

import Dataplane
import Wire

extension String {
    /// `%-Ns`
    func left(_ width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - utf8.count))
    }

    /// `%-Ns` and the space before the next column.
    func cell(_ width: Int) -> String { left(width) + " " }

    /// `%Ns`
    func right(_ width: Int) -> String {
        String(repeating: " ", count: Swift.max(0, width - utf8.count)) + self
    }

    /// The first bytes, as a C string cut short.
    func cut(to byteCount: Int) -> String {
        String(decoding: utf8.prefix(byteCount), as: UTF8.self)
    }
}

enum Columns {
    /// A counter in nine columns, or more if it is to be exact.
    static func large(_ number: UInt64, isExact: Bool) -> String {
        if isExact {
            let text = String(number)
            return text.right(text.utf8.count <= 8 ? 9 : text.utf8.count + 1)
        }
        let (divisor, unit): (UInt64, String) =
            switch number {
            case ..<100_000_000: (1, "")
            case ..<1_000_000_000: (1_000, "K")
            case ..<100_000_000_000: (1_000_000, "M")
            case ..<100_000_000_000_000: (1_000_000_000, "G")
            default: (1_000_000_000_000, "T")
            }
        return "\(number / divisor)".right(unit.isEmpty ? 9 : 8) + unit
    }
}

extension NameTable {
    /// `address:port`, IPv6 in brackets; with names where there are any, unless it is to be numeric.
    func text(
        _ address: IPAddress, _ port: Port, _ proto: IPProtocol?, isNumeric: Bool
    ) -> String {
        let host = (isNumeric ? nil : name(of: address)) ?? address.description
        let service = (isNumeric ? nil : name(of: port, proto)) ?? port.description
        // What is printed for an address is cut at 59 bytes by the original.
        return switch address {
        case .v4: "\(host):\(service)".cut(to: 59)
        case .v6: "[\(host)]:\(service)".cut(to: 59)
        }
    }
}
