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
