// A mark on one line: `tcp 10.0.0.1:80=7` marks what is sent there by TCP with 7; without a port, or
// with port 0, every port of the address. IPv6 addresses with a port stand in brackets.

import Dataplane
import Wire

extension MarkRule {
    public init(
        text: String, names: NameTable = NameTable()
    ) throws(SurroundingsError) {
        let wrong = SurroundingsError(
            "mark `\(text)': `PROTOCOL ADDRESS[:PORT]=MARK' is wanted, as in `tcp 10.0.0.1:80=7'")
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        let words = parts[0].split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, words.count == 2, let proto = IPProtocol(words[0]),
            [.tcp, .udp, .sctp].contains(proto),
            let place = ServiceText(String(words[1]), proto, names),
            let mark = Self.mark(parts[1])
        else { throw wrong }
        self.init(
            proto: proto, address: place.address, port: place.port ?? Port(0), mark: mark)
    }

    /// A number other than zero, decimal or, behind `0x`, hexadecimal.
    static func mark(_ text: some StringProtocol) -> UInt32? {
        let text = text.split(whereSeparator: \.isWhitespace).joined()
        let number =
            text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text, radix: 10)
        return number == 0 ? nil : number
    }
}
