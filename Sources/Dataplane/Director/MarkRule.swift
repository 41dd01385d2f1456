// A rule that marks packets before virtual services are looked up, as Swarm's ingress network does
// with iptables (-t mangle -A PREROUTING -p PROTO -d ADDRESS --dport PORT -j MARK --set-mark MARK).

import Wire

public struct MarkRule: Hashable, Sendable {
    public var proto: IPProtocol
    public var address: IPAddress
    /// 0 is every port.
    public var port: Port
    public var mark: UInt32

    public init(proto: IPProtocol, address: IPAddress, port: Port, mark: UInt32) {
        self.proto = proto
        self.address = address
        self.port = port
        self.mark = mark
    }
}
