// `--remap 'FILTER=ADDRESS:PORT'` of a replay through a director: packets that match a filter are aimed
// at a virtual service. The filter is libpcap's; IPv6 addresses stand in brackets.
//
// The last equals sign divides, since filters have equals signs of their own. Invariant: some virtual
// service takes packets for the address and port.

import Capture
import Dataplane
import Wire

public final class DirectorRemapRule {
    let filter: PacketFilter
    /// In the mapped form.
    let address: IPv6Address
    let port: Port

    /// Reads a rule for a director with `rules`.
    public init(_ text: String, _ rules: DirectorRules) throws(ReplayError) {
        func fail(_ reason: String) -> ReplayError { .remap(text: text, reason: reason) }
        guard let equals = text.lastIndex(of: "="),
            let target = EndpointText.read(text[text.index(after: equals)...])
        else { throw fail("expected FILTER=ADDRESS:PORT, as in 'tcp port 443=10.0.0.1:80'") }
        address = IPv6Address(target.address)
        port = target.port
        do throws(CaptureFault) {
            filter = try PacketFilter(String(text[..<equals]), linkType: .ethernet)
        } catch {
            throw fail("\(error)")
        }
        guard [.tcp, .udp, .sctp].contains(where: { rules.takes($0, address, port) }) else {
            throw fail("no virtual service takes packets for \(text[equals...].dropFirst())")
        }
    }
}

extension DirectorRules {
    /// Whether a virtual service takes a packet for this address, in the mapped form, and port.
    fileprivate func takes(_ proto: IPProtocol, _ address: IPv6Address, _ port: Port) -> Bool {
        let mark = mark(proto: proto, destination: address, destinationPort: port)
        return find(
            mark: mark, isIPv4: address.isIPv4Mapped, proto: proto, destination: address,
            destinationPort: port) != nil
    }
}
