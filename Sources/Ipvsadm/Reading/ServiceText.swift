// `host[:port]` as ipvsadm takes it: a host is an IPv4 address in any of inet_aton's forms, an IPv6
// address, or a name of the host table; a port is a number or the name of a service.
//
// An IPv6 address with a port stands in brackets, without one it must not; in brackets anything
// other than an IPv6 address loses its port. That is how the original reads them.

import Wire

struct ServiceText {
    var address: IPAddress
    /// Nil when none is given.
    var port: Port?

    /// Nil when it cannot be read. Names of services are looked up for `proto`.
    init?(_ text: String, _ proto: IPProtocol?, _ names: NameTable) {
        guard !text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
            return nil
        }
        var host = Substring(text)
        var portText: Substring?
        if host.first == "[" {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let rest = host[end...].dropFirst()
            guard rest.first == ":" else { return nil }
            host = host[..<end].dropFirst()
            portText = rest.dropFirst()
        }
        if let address = IPv6Address(host) {
            self.address = .v6(address)
        } else {
            let colon = host.lastIndex(of: ":")
            portText = colon.map { host[$0...].dropFirst() }
            host = host[..<(colon ?? host.endIndex)]
            guard let address = NumberText.address(host) ?? names.address(of: host) else {
                return nil
            }
            self.address = .v4(address)
        }
        guard let portText else { return }
        if let number = NumberText.number(String(portText), 0...65535) {
            port = Port(UInt16(truncatingIfNeeded: number))
        } else if let named = names.port(of: portText, proto) {
            port = named
        } else {
            return nil
        }
    }
}
