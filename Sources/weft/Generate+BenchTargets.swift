// Where generated traffic goes unless told otherwise: the published ports of
// bench-data/stacks/bench.yml, at every address of its four nodes.
//
// Invariant: this list and that file say the same; a trace made without --target replays through that
// stack without a packet for nobody.

import Traffic
import Wire

extension TrafficTarget {
    static let bench: [TrafficTarget] = benchAddresses.flatMap { address in
        benchPorts.compactMap { TrafficTarget($0.transport, address, Port($0.port)) }
    }

    /// node1 to node4, in IPv4 and then in IPv6.
    private static let benchAddresses: [IPAddress] =
        (11...14 as ClosedRange<UInt8>).map { .v4(IPv4Address(192, 0, 2, $0)) }
        + (0x11...0x14 as ClosedRange<UInt64>).map {
            .v6(IPv6Address(high: 0x2001_0db8_0000_0001, low: $0))
        }

    private static let benchPorts: [(transport: Transport, port: UInt16)] = [
        (.tcp, 80), (.tcp, 443), (.tcp, 53), (.udp, 53), (.udp, 4000), (.udp, 4001),
        (.udp, 4002), (.udp, 4003), (.sctp, 3868),
    ]
}
