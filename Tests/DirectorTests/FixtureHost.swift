// The director's host in the recorded scenarios (Tests/Oracle/README.md, "Topology"), and the settings
// and marks that a scenario makes.

import Dataplane
import Wire

struct FixtureHost {
    private var mtus: [KernelFixture.Side: Int] = [.client: 1_500, .server: 1_500]

    static func link(to side: KernelFixture.Side) -> LinkIndex {
        LinkIndex(side == .client ? 0 : 1)
    }

    mutating func setMTU(_ mtu: Int, of side: KernelFixture.Side) { mtus[side] = mtu }

    var description: DirectorHost {
        let virtual4 = (1...16).map { IPAddress.v4(IPv4Address(10, 0, 0, UInt8($0))) }
        let virtual6 = (1...16).map {
            IPAddress.v6(IPv6Address(high: 0xfd00 << 48, low: UInt64($0)))
        }
        return DirectorHost(
            links: [
                DirectorLink(
                    name: "client", mtu: mtus[.client] ?? 0,
                    prefixes: ["10.1.0.1/16", "fd01::1/64"].compactMap { IPPrefix($0) }),
                DirectorLink(
                    name: "server", mtu: mtus[.server] ?? 0,
                    prefixes: ["10.2.0.1/16", "fd02::1/64"].compactMap { IPPrefix($0) }),
            ],
            ownAddresses: virtual4 + virtual6)
    }
}

struct UnknownSetting: Error {
    var name: String
    var value: String
}

extension DirectorSettings {
    /// Sets what `sysctl net.ipv4.vs.NAME=VALUE` sets.
    mutating func set(_ name: String, to text: String) throws(UnknownSetting) {
        guard let value = UInt32(text) else { throw UnknownSetting(name: name, value: text) }
        switch name {
        case "conn_reuse_mode": connReuseMode = value
        case "expire_nodest_conn": expireNodestConn = value != 0
        case "expire_quiescent_template": expireQuiescentTemplate = value != 0
        case "sloppy_tcp": sloppyTCP = value != 0
        case "sloppy_sctp": sloppySCTP = value != 0
        case "drop_entry": dropEntry = value
        case "drop_packet": dropPacket = value
        case "secure_tcp": secureTCP = value
        case "am_droprate": amDroprate = value
        case "cache_bypass": cacheBypass = value != 0
        case "nat_icmp_send": natICMPSend = value != 0
        case "pmtu_disc": pmtuDisc = value != 0
        case "schedule_icmp": scheduleICMP = value != 0
        case "ignore_tunneled": ignoreTunneled = value != 0
        case "lblc_expiration": lblcExpiration = value
        case "lblcr_expiration": lblcrExpiration = value
        case "snat_reroute": snatReroute = value != 0
        default: throw UnknownSetting(name: name, value: text)
        }
    }
}

extension MarkRule {
    init(proto: String, address: String, port: UInt16, mark: UInt32) throws {
        let protos: [String: IPProtocol] = ["tcp": .tcp, "udp": .udp, "sctp": .sctp]
        guard let proto = protos[proto], let address = IPAddress(address) else {
            throw UnknownSetting(name: proto, value: address)
        }
        self.init(proto: proto, address: address, port: Port(port), mark: mark)
    }
}
