// Goal: every error names the line and column of what is wrong. Method: small stacks and the whole
// line expected, counted by hand.

import Compose
import Mesh
import Testing

@Suite struct DiagnosticTests {
    @Test(arguments: [
        ("", "stack.yml:1:1: Top-level object must be a mapping"),
        ("- a\n- b\n", "stack.yml:1:1: Top-level object must be a mapping"),
        ("services: {}\n", "stack.yml:1:1: services: a stack needs a service"),
        (
            "services:\n\tweb: {}\n",
            "stack.yml:2:1: yaml: found character that cannot start any token"
        ),
        (
            "services:\n  web:\n    image: a\n    image: b\n",
            "stack.yml:3:5: duplicate key \"image\""
        ),
        ("services: {web: {image: *x}}\n", "stack.yml:1:25: yaml: found undefined alias"),
        (
            "services:\n  web: {image: a}\nfoo: 1\n",
            "stack.yml:3:1: Additional property foo is not allowed"
        ),
        (
            "services:\n  web:\n    image: a\n    colour: red\n",
            "stack.yml:4:5: services.web: Additional property colour is not allowed"
        ),
        (
            "services:\n  web:\n    image: a\n    ports: 80\n",
            "stack.yml:4:12: services.web.ports: must be a list"
        ),
        ("services: [web]\n", "stack.yml:1:11: services: must be a mapping"),
        (
            "services:\n  web: {image: a, deploy: {replicas: many}}\n",
            "stack.yml:2:38: services.web.deploy.replicas: must be a decimal integer, not 'many'"
        ),
        (
            "services:\n  web: {image: a, deploy: {replicas: 0123}}\n",
            "stack.yml:2:38: services.web.deploy.replicas: must be a decimal integer, not '0123'"
        ),
        (
            "services:\n  web: {image: a, deploy: {mode: global, replicas: 2}}\n",
            "stack.yml:2:42: services.web.deploy.replicas: "
                + "replicas can only be used with replicated mode"
        ),
        (
            "services:\n  web: {image: a, scale: 2, deploy: {replicas: 5}}\n",
            "stack.yml:2:26: services.web.scale: "
                + "can't set distinct values on 'scale' and 'deploy.replicas'"
        ),
        (
            "services:\n  web: {image: a, deploy: {replicas: 5}, scale: 2}\n",
            "stack.yml:2:49: services.web.scale: "
                + "can't set distinct values on 'scale' and 'deploy.replicas'"
        ),
        (
            "services:\n  web: {image: a, deploy: {mode: global}, scale: 2}\n",
            "stack.yml:2:50: services.web.scale: replicas can only be used with replicated mode"
        ),
        (
            "services:\n  web: {image: a, extends: {service: b}}\n",
            "stack.yml:2:19: services.web.extends: compose file contains unsupported options: extends"
        ),
        (
            "services:\n  web: {image: '${A', ports: []}\n",
            "stack.yml:2:16: services.web.image: invalid interpolation format for "
                + "services.web.image: \"${A\". You may need to escape any $ with another $"
        ),
        (
            "services:\n  web: {image: '${A:?set A}'}\n",
            "stack.yml:2:16: services.web.image: required variable A is missing a value: set A"
        ),
        (
            "services:\n  web: {image: a, networks: [back]}\n",
            "stack.yml:2:30: services.web.networks: undefined network \"back\""
        ),
        (
            "services:\n  web: {image: a, networks: [ingress]}\n",
            "stack.yml:2:30: services.web.networks: "
                + "Service cannot be explicitly attached to the ingress network \"ingress\""
        ),
        (
            "services:\n  a: {image: a, ports: ['80:80']}\n  b: {image: b, ports: ['80:81']}\n",
            "stack.yml:3:25: services.b.ports: "
                + "port '80' is already in use by service 'demo_a' as an ingress port"
        ),
        (
            "services:\n  a: {image: a, ports: ['80:80', '80:81']}\n",
            "stack.yml:2:34: services.a.ports: EndpointSpec: duplicate published ports provided"
        ),
        (
            "services:\n  a: {image: a, ports: ['80:80'], deploy: {endpoint_mode: dnsrr}}\n",
            "stack.yml:2:25: services.a.ports: "
                + "EndpointSpec: port published with ingress mode can't be used with dnsrr mode"
        ),
        (
            "services:\n  a: {image: a, deploy: {placement: {constraints: ['x = y']}}}\n",
            "stack.yml:2:52: services.a.deploy.placement.constraints.0: "
                + "constraint expected one operator from ==, !=: 'x = y'"
        ),
        (
            "services: {a: {image: a, networks: [n]}}\nnetworks:\n  n:\n    ipam:\n      config:\n"
                + "        - subnet: 10.0.0.0/33\n",
            "stack.yml:6:19: networks.n.ipam.config.0.subnet: '10.0.0.0/33' is not a subnet"
        ),
        (
            "services: {a: {image: a, networks: [n]}}\nnetworks:\n  n:\n    ipam:\n      config:\n"
                + "        - subnet: 10.0.0.0/24\n",
            "stack.yml:3:3: networks.n: Pool overlaps with other one on this address space: "
                + "10.0.0.0/24 and 10.0.0.0/24 of network 'ingress'"
        ),
        (
            "services: {a: {image: a}}\nx-mesh:\n  nodes:\n    - {name: n, vtep: 10.0.0}\n",
            "stack.yml:4:23: x-mesh.nodes.0.vtep: '10.0.0' is not an IP address"
        ),
        (
            "services: {a: {image: a}}\nx-mesh:\n  nodes:\n    - {name: n}\n    - {name: n}\n",
            "stack.yml:5:7: x-mesh.nodes.1: name 'n' is already in use"
        ),
        (
            "services: {a: {image: a}}\nx-mesh: {nodes: 0}\n",
            "stack.yml:2:17: x-mesh.nodes: must be between 1 and 4096, not 0"
        ),
        (
            "services: {a: {image: a}}\nx-mesh:\n  nodes: []\n",
            "stack.yml:3:10: x-mesh.nodes: must be between 1 and 4096 nodes"
        ),
        (
            "services: {a: {image: a}}\nx-mesh: {default_addr_pool_mask_length: 4}\n",
            "stack.yml:2:41: x-mesh.default_addr_pool_mask_length: must be between 8 and 29, not 4"
        ),
        (
            "services: {a: {image: a, networks: [n]}}\nnetworks:\n"
                + "  n: {enable_ipv4: false, ipam: {config: [{subnet: 10.1.0.0/24}]}}\n",
            "stack.yml:3:7: networks.n.enable_ipv4: contradicts the subnet 10.1.0.0/24"
        ),
        (
            "services: {a: {image: a, networks: [n]}}\nnetworks:\n"
                + "  n: {enable_ipv6: false, ipam: {config: [{subnet: 'fd00::/64'}]}}\n",
            "stack.yml:3:7: networks.n.enable_ipv6: contradicts the subnet fd00::/64"
        ),
        (
            "services: {a: {image: a}}\nx-mesh: {speed: 1}\n",
            "stack.yml:2:10: x-mesh: Additional property speed is not allowed"
        ),
        (
            "services: {a: {image: a, x-mesh: {replicas_max: 1}, deploy: {replicas: 2}}}\n",
            "stack.yml:1:12: services.a: 2 replicas exceed the declared bound of 1"
        ),
        ("a: \u{7}\n", "stack.yml:1:4: yaml: control characters are not allowed"),
    ])
    func `an error names its place`(text: String, expected: String) {
        #expect(complaints(text) == [expected])
    }

    @Test func `all errors of a file are told at once`() {
        let text = """
            services:
              web: {image: a, ports: [x], colour: red}
              api: {image: b, deploy: {replicas: -1}}
            """
        #expect(complaints(text).count == 3)
    }

    @Test func `scale is another name of replicas`() throws {
        for text in ["scale: 3", "scale: 3, deploy: {replicas: 3}"] {
            let stack = try load("services: {web: {image: a, \(text)}}")
            #expect(stack.specification.services[0].mode == .replicated(3))
        }
    }

    @Test func `an error comes with the remarks that may explain it`() {
        let error = #expect(throws: ComposeError.self) {
            try load("services: {web: {image: a, deploy: {replicas: $COUNT}}}")
        }
        #expect(
            error?.description.split(separator: "\n").map(String.init) == [
                "stack.yml:1:47: services.web.deploy.replicas: "
                    + "the variable COUNT is not set, an empty string is used",
                "stack.yml:1:47: services.web.deploy.replicas: must be a decimal integer, not ''",
            ])
    }

    @Test func `a message repeats only the beginning of a long value`() {
        let text = String(repeating: "x", count: 10_000)
        let found = complaints("services: {web: {image: a, scale: \(text)}}")
        #expect(found.first?.hasSuffix("xxx...'") == true)
        #expect((80..<200).contains(found.first?.utf8.count ?? 0))
    }

    @Test func `tags that nobody knows are remarked upon`() throws {
        let text = "services:\n  web: !foo {image: !!str a, labels: !<tag:x> {}}\n"
        #expect(
            try load(text).warnings.map(\.description) == [
                "stack.yml:2:8: unknown tag '!foo', ignored",
                "stack.yml:2:38: unknown tag 'tag:x', ignored",
            ])
    }

    @Test(arguments: [
        ("_web", "web_a"), ("-x", "x_a"), ("a_", "a_a"), ("__", "stack_a"),
        (String(repeating: "0", count: 64), String(repeating: "0", count: 55) + "_a"),
    ])
    func `a stack is called after a file as far as names allow`(
        file: String, expected: String
    ) throws {
        let options = ComposeOptions(fallbackStack: file)
        let text = "services: {a: {image: a}}"
        let cluster = try ComposeLoader.load(text, file: "f.yml", options: options).assemble()
        #expect(cluster.services.map(\.name) == [expected])
    }

    @Test func `ignored keys are named together and one by one`() throws {
        let text = """
            services:
              web:
                image: a
                pid: host
                build: .
                links: [b]
                container_name: c
                profiles: [x]
            networks:
              spare: {}
            """
        let stack = try load(text)
        #expect(stack.unsupportedOptionsLine == "Ignoring unsupported options: build, links, pid")
        #expect(
            stack.warnings.map { "\($0.place) \($0.path)" } == [
                "stack.yml:4:5 services.web.pid", "stack.yml:5:5 services.web.build",
                "stack.yml:6:5 services.web.links", "stack.yml:7:5 services.web.container_name",
                "stack.yml:8:5 services.web.profiles", "stack.yml:10:3 networks.spare",
            ])
    }
}
