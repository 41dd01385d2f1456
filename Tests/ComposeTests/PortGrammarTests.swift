// Goal: every form of a published port reads as docker reads it. Method: a table of entries and
// the ports they stand for, written `published:target/protocol mode`, `*` for a dynamic one.

import Compose
import Mesh
import Testing
import Wire

@Suite struct PortGrammarTests {
    @Test(arguments: [
        ("\"8080:80\"", ["8080:80/tcp ingress"]),
        ("8080:80", ["8080:80/tcp ingress"]),
        ("22:22", ["22:22/tcp ingress"]),
        ("80", ["*:80/tcp ingress"]),
        ("\"0:80\"", ["*:80/tcp ingress"]),
        ("\":80\"", ["*:80/tcp ingress"]),
        ("\"53:53/udp\"", ["53:53/udp ingress"]),
        ("\"53:53/UDP\"", ["53:53/udp ingress"]),
        ("\"9:9/sctp\"", ["9:9/sctp ingress"]),
        ("\"80-81\"", ["*:80/tcp ingress", "*:81/tcp ingress"]),
        (
            "\"8000-8002:9000-9002\"",
            ["8000:9000/tcp ingress", "8001:9001/tcp ingress", "8002:9002/tcp ingress"]
        ),
        ("\"8000-8001:80\"", ["8000:80/tcp ingress", "8001:80/tcp ingress"]),
        ("\"127.0.0.1:8080:80\"", ["8080:80/tcp ingress"]),
        ("\"127.0.0.1::80\"", ["*:80/tcp ingress"]),
        ("\"[::1]:8080:80\"", ["8080:80/tcp ingress"]),
        ("{target: 80}", ["*:80/tcp ingress"]),
        ("{target: 80, published: 8080}", ["8080:80/tcp ingress"]),
        ("{target: 80, published: \"8080\"}", ["8080:80/tcp ingress"]),
        ("{target: 80, published: 0}", ["*:80/tcp ingress"]),
        ("{target: 53, published: 53, protocol: udp, mode: host}", ["53:53/udp host"]),
        ("{target: 80, published: 80, name: web, app_protocol: http}", ["80:80/tcp ingress"]),
    ])
    func `an entry stands for its ports`(entry: String, expected: [String]) throws {
        let stack = try load("services: {web: {image: nginx, ports: [\(entry)]}}")
        let ports = stack.specification.services[0].ports.map { port in
            let published = port.published.map { "\($0.rawValue)" } ?? "*"
            let proto = port.proto.publishedName ?? "?"
            return "\(published):\(port.target.rawValue)/\(proto) \(port.mode.rawValue)"
        }
        #expect(ports == expected)
    }

    @Test(arguments: [
        ("\"\"", "no port specified: ''"),
        ("\"80:\"", "no port specified: '80:'"),
        ("\"/tcp\"", "no port specified: '/tcp'"),
        ("\"80/icmp\"", "invalid protocol: 'icmp'"),
        ("\"80/\"", "invalid protocol: ''"),
        ("\"0\"", "invalid target port: '0'"),
        ("\"65536\"", "invalid target port: '65536'"),
        ("\"90-80\"", "invalid target port: '90-80'"),
        ("\"8080:0x50\"", "invalid target port: '0x50'"),
        ("\"010:80\"", "invalid published port: '010'"),
        ("\"-1:80\"", "invalid published port: '-1'"),
        ("\"host:8080:80\"", "invalid IP address: 'host'"),
        (
            "\"8000-8002:80-81\"",
            "invalid ranges specified for target and published ports: 80-81 and 8000-8002"
        ),
        ("[80]", "must be a string, a number or a mapping"),
        ("{published: 80}", "target is required"),
        ("{target: 80, colour: red}", "Additional property colour is not allowed"),
    ])
    func `a wrong entry is refused`(entry: String, message: String) {
        let found = complaints("services: {web: {image: nginx, ports: [\(entry)]}}")
        #expect(found.count == 1)
        #expect(found.first?.hasSuffix("services.web.ports.0: \(message)") == true, "\(found)")
    }

    @Test(arguments: [
        "'0.0.0.0:80:80'", "'[::]:80:80'", "{target: 80, published: 80, host_ip: 0.0.0.0}",
    ])
    func `the address that means every address is not remarked upon`(entry: String) throws {
        #expect(
            try load("services: {web: {image: nginx, ports: [\(entry)]}}").warnings.isEmpty)
    }

    @Test func `an address before the port is remarked upon`() throws {
        let stack = try load(
            "services: {web: {image: nginx, ports: [\"127.0.0.1:8080:80\"]}}")
        #expect(
            stack.warnings.map(\.message) == [
                "ignoring IP-address (127.0.0.1:8080:80) service will listen on '0.0.0.0'"
            ])
    }
}
