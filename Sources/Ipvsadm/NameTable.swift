// Names of hosts and services, from text in the form of hosts(5) and services(5). Whoever runs a
// command hands in what /etc/hosts and /etc/services hold, or nothing; no name server is asked, so
// that a replay gives the same on every machine with the same files.
//
// Where there is no list of services, the table below stands in, a few of IANA's registry.

import Wire

public struct NameTable: Sendable {
    private struct Host {
        var address: IPAddress
        /// The first one is the one to print.
        var names: [String]
    }

    private struct Service {
        var port: Port
        var proto: String
        var names: [String]
    }

    private var hosts: [Host] = []
    private var services: [Service] = []

    /// Lines that are neither are passed over, as the C library does.
    public init(hosts: String = "", services: String = "") {
        for words in Self.lines(of: hosts) {
            guard let address = IPAddress(words[0]), words.count > 1 else { continue }
            self.hosts.append(Host(address: address, names: words[1...].map(String.init)))
        }
        for words in Self.lines(of: services.isEmpty ? Self.wellKnown : services) {
            let parts = words.count > 1 ? words[1].split(separator: "/") : []
            guard parts.count == 2, let port = Port(parts[0]) else { continue }
            let names = [String(words[0])] + words[2...].map(String.init)
            self.services.append(Service(port: port, proto: String(parts[1]), names: names))
        }
    }

    /// The words of each line that has any, without what follows a number sign.
    private static func lines(of text: String) -> [[Substring]] {
        text.split(whereSeparator: \.isNewline).map { line in
            line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
        }.filter { !$0.isEmpty }
    }

    /// The IPv4 address of a host; ipvsadm asks for no other.
    func address(of name: some StringProtocol) -> IPv4Address? {
        let name = name.lowercased()
        for host in hosts {
            guard case .v4(let address) = host.address else { continue }
            if host.names.contains(where: { $0.lowercased() == name }) { return address }
        }
        return nil
    }

    func name(of address: IPAddress) -> String? {
        hosts.first { $0.address == address }?.names.first
    }

    func port(of name: some StringProtocol, _ proto: IPProtocol?) -> Port? {
        guard let proto else { return nil }
        return services.first {
            $0.proto == proto.description && $0.names.contains { $0 == name }
        }?.port
    }

    func name(of port: Port, _ proto: IPProtocol?) -> String? {
        guard let proto else { return nil }
        return services.first { $0.port == port && $0.proto == proto.description }?.names.first
    }

    private static let wellKnown = """
        ftp-data 20/tcp
        ftp 21/tcp
        ssh 22/tcp
        telnet 23/tcp
        smtp 25/tcp mail
        domain 53/tcp
        domain 53/udp
        tftp 69/udp
        http 80/tcp www
        kerberos 88/udp
        pop3 110/tcp
        ntp 123/udp
        imap2 143/tcp imap
        snmp 161/udp
        ldap 389/tcp
        https 443/tcp
        https 443/udp
        submissions 465/tcp
        syslog 514/udp
        submission 587/tcp
        ldaps 636/tcp
        imaps 993/tcp
        pop3s 995/tcp
        mysql 3306/tcp
        postgresql 5432/tcp
        sip 5060/tcp
        sip 5060/udp
        sip 5060/sctp
        diameter 3868/tcp
        diameter 3868/sctp
        http-alt 8080/tcp
        """
}
