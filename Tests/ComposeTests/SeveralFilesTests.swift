// Goal: files given together read as docker's loader reads them. Method: pairs of small stacks and
// what is to come of them.

import Compose
import Mesh
import Testing
import Wire

@Suite struct SeveralFilesTests {
    private func together(_ texts: String...) throws(ComposeError) -> LoadedStack {
        let sources = texts.enumerated().map { ComposeSource(file: "\($0 + 1).yml", text: $1) }
        return try ComposeLoader.load(sources, options: ComposeOptions(stack: "demo"))
    }

    @Test func `mappings merge, lists append, scalars are replaced`() throws {
        let service = try together(
            "services: {web: {image: old, ports: ['80:80'], deploy: {replicas: 2}}}",
            "services: {web: {image: new, ports: ['80:80', '81:81']}, api: {image: api}}"
        ).specification.services
        #expect(service.map(\.shortName) == ["web", "api"])
        #expect(service[0].image == "new")
        #expect(service[0].ports.map(\.published) == [Port(80), Port(81)])
        #expect(service[0].mode == .replicated(2))
    }

    @Test func `networks may be a list in one file and a mapping in the other`() throws {
        let list = "services: {web: {image: a, networks: [n, m]}}\nnetworks: {n: , m: }"
        let mapping = "services: {web: {image: a, networks: {m: {aliases: [www]}}}}"
        for stack in [try together(list, mapping), try together(mapping, list)] {
            let found = stack.specification.services[0].attachments
                .map { "\($0.network) \($0.aliases)" }.sorted()
            #expect(found == ["m [\"web\", \"www\"]", "n [\"web\"]"])
        }
    }

    @Test(arguments: [
        "{target: 80, published: 8080}", "'8080:80/tcp'", "'${PORT}:80'", "0.0.0.0:8080:80",
    ])
    func `a port is the same however it is written`(port: String) throws {
        let sources = [
            "services: {web: {image: a, ports: ['8080:80']}}",
            "services: {web: {ports: [\(port), '9090:90']}}",
        ].map { ComposeSource(file: "f.yml", text: $0) }
        let options = ComposeOptions(environment: ["PORT": "8080"])
        let stack = try ComposeLoader.load(sources, options: options)
        let ports = stack.specification.services[0].ports
        #expect(ports.map(\.published) == [Port(8080), Port(9090)])
        #expect(throws: Never.self) { try stack.assemble() }
    }

    @Test func `long ports that both files have are one, two in one file are not`() throws {
        let text = "services: {web: {image: a, ports: [{target: 80, published: 80}]}}"
        #expect(try together(text, text).specification.services[0].ports.count == 1)
        #expect(complaints("services: {web: {image: a, ports: ['80:80', '80:80']}}").count == 1)
    }

    @Test func `a network replaces the one of its name`() throws {
        let base = """
            services: {web: {image: a, networks: [n, m]}}
            networks: {n: {internal: true, ipam: {config: [{subnet: 10.1.0.0/24}]}}, m: }
            """
        let later = "networks: {n: {ipam: {config: [{subnet: 10.2.0.0/24}]}}}"
        let networks = try together(base, later).specification.networks
        #expect(networks.map(\.shortName) == ["n", "m"])
        #expect(networks[0].v4?.prefix.description == "10.2.0.0/24")
        #expect(!networks[0].isInternal)
    }

    @Test func `labels merge by key, as a list or a mapping`() throws {
        for (first, second) in [
            ("[a=1, c=3]", "{b: '2', c: '4'}"), ("[a=1, c=3]", "[b=2, c=4]"),
            ("{a: '1', c: '3'}", "['b=2', 'c=4']"),
        ] {
            let labels = try together(
                "services: {web: {image: a, deploy: {labels: \(first)}}}",
                "services: {web: {deploy: {labels: \(second)}}}"
            ).specification.services[0].labels
            #expect(labels.map { "\($0.key)=\($0.value)" } == ["a=1", "c=4", "b=2"])
        }
        #expect(throws: ComposeError.self) {
            try together(
                "services: {web: {image: a, deploy: {labels: [[x]]}}}",
                "services: {web: {deploy: {labels: {a: '1'}}}}")
        }
    }

    // The examples of the Compose Specification, "Merge and override".
    @Test func `a later file resets or overrides what was said`() throws {
        let base = """
            services:
              app:
                image: myapp
                ports: ["8080:80"]
                labels: {FOO: BAR}
                deploy: {replicas: 4, labels: {a: '1'}}
            """
        let reset = try together(
            base, "services: {app: {ports: !reset [], deploy: {replicas: !reset null}}}"
        ).specification.services[0]
        #expect(reset.ports.isEmpty)
        #expect(reset.mode == .replicated(1))
        #expect(reset.labels.map(\.key) == ["a"])
        let override = try together(
            base,
            "services: {app: {ports: !override ['8443:443'], deploy: !override {labels: [b=2]}}}"
        ).specification.services[0]
        #expect(override.ports.map(\.published) == [Port(8443)])
        #expect(override.mode == .replicated(1))
        #expect(override.labels.map(\.key) == ["b"])
        #expect(override.image == "myapp")
    }

    @Test func `a file may reset what a third says anew, and what it says itself`() throws {
        let texts = [
            "services: {app: {image: a, ports: ['1:1']}, old: {image: b}}",
            "services: {app: {ports: !reset ['2:2']}, old: !reset , new: !reset {image: c}}",
            "services: {app: {ports: ['3:3', !reset '4:4']}}",
        ]
        let services = try together(texts[0], texts[1], texts[2]).specification.services
        #expect(services.map(\.shortName) == ["app"])
        #expect(services[0].ports.map(\.published) == [Port(3)])
    }

    @Test func `an error names the file it comes from`() {
        let error = #expect(throws: ComposeError.self) {
            try together(
                "services: {web: {image: a}}", "services:\n  web: {colour: red}",
                "services:\n  web: {ports: [x]}")
        }
        #expect(
            error?.diagnostics.map(\.description) == [
                "2.yml:2:9: services.web: Additional property colour is not allowed",
                "3.yml:2:17: services.web.ports.0: invalid target port: 'x'",
            ])
    }

    @Test func `versions must agree`() {
        let error = #expect(throws: ComposeError.self) {
            try together(
                "version: '3.9'\nservices: {web: {image: a}}", "version: '3.8'\nservices: {}")
        }
        #expect(
            error?.description
                == "2.yml:1:1: version: version mismatched between two composefiles : 3.9 and 3.8")
    }

    @Test func `no file at all is an error too`() {
        #expect(throws: ComposeError.self) { try together() }
    }
}
