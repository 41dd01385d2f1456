// Goal: `weft config` prints what loads again to the same mesh, and its flags do what those of
// `docker compose config` do. Method: the command run on its own output, and on bad stacks.

import Foundation
import Testing

@Suite struct ConfigTests {
    @Test(arguments: WeftProcess.stacks)
    func `the output loads again and prints the same`(stack: String) throws {
        let first = try WeftProcess.weft(["config", "-c", stack])
        #expect(first.status == 0)
        #expect(first.lines.count > 50)
        // A file of the same name, since a stack is called after its file.
        let name = URL(fileURLWithPath: stack).lastPathComponent
        try WeftProcess.withFile(name, Data(first.output.utf8)) { path in
            let second = try WeftProcess.weft(["config", "-c", path])
            #expect(second.output == first.output)
            #expect(second.errors == "")
            let third = try WeftProcess.weft(["config", "-c", "-"], input: path)
            #expect(third.output == first.output)
        }
    }

    @Test func `what is no text is refused with its place, and no more of it read than needed`()
        throws
    {
        try WeftProcess.withFile(
            "latin.yml", Data("name: caf\u{e9}".unicodeScalars.map { UInt8($0.value) })
        ) {
            let latin = try WeftProcess.weft(["config", "-c", $0])
            #expect(latin.status == 65)
            #expect(latin.errors == "weft: \($0): byte 9: not UTF-8 text\n")
        }
        try WeftProcess.withFile("huge.yml", Data()) { path in
            // A hole of 64 GB, which nobody could hold.
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.truncate(atOffset: 1 << 36)
            try file.close()
            let huge = try WeftProcess.weft(["config", "-c", path])
            #expect(huge.status == 65)
            #expect(huge.errors == "weft: \(path): larger than 67108864 bytes\n")
        }
    }

    @Test func `more nodes are those of the file and then others`() throws {
        let stack = WeftProcess.data("stacks/voting.yml")
        let config = try WeftProcess.weft(["config", "-c", stack, "--nodes", "5"])
        let names = config.lines.filter { $0.hasPrefix("    - name: node") }
        #expect(names == (1...5).map { "    - name: node\($0)" })
    }

    @Test func `names come one on a line, in the order of the file`() throws {
        let stack = WeftProcess.data("stacks/voting.yml")
        let services = try WeftProcess.weft(["config", "-c", stack, "--services"])
        #expect(services.lines == ["vote", "result", "worker", "redis", "db"])
        let networks = try WeftProcess.weft(["config", "-c", stack, "--networks"])
        #expect(networks.lines == ["ingress", "frontend", "backend"])
        let images = try WeftProcess.weft(["config", "-c", stack, "--images"])
        #expect(images.lines.last == "postgres:15-alpine")
        #expect(images.lines.count == 5)
    }

    @Test func `quiet says nothing of a good stack and everything of a bad one`() throws {
        let good = try WeftProcess.weft(
            ["config", "-c", WeftProcess.data("stacks/web.yml"), "--quiet"])
        #expect(good.status == 0)
        #expect(good.output == "")
        let text = "services:\n  web:\n    image: nginx\n    ports: nonsense\n"
        try WeftProcess.withFile("bad.yml", Data(text.utf8)) { path in
            let bad = try WeftProcess.weft(["config", "-c", path, "-q"])
            #expect(bad.status == 65)
            #expect(bad.output == "")
            #expect(bad.errors.hasPrefix("weft: \(path):4:"))
        }
        #expect(try WeftProcess.weft(["config", "-c", "/no/such.yml"]).status == 66)
        let stack = WeftProcess.data("stacks/web.yml")
        let both = try WeftProcess.weft(["config", "-c", stack, "--services", "--json"])
        #expect(both.status == 64)
        for count in ["0", "4097"] {
            let nodes = try WeftProcess.weft(["config", "-c", stack, "--nodes", count])
            #expect(nodes.status == 64)
            #expect(nodes.errors.contains("--nodes: must be 1 to 4096"))
        }
    }

    @Test func `JSON gives every task its owner`() throws {
        struct Report: Decodable {
            struct Node: Decodable { let name: String }
            struct Task: Decodable {
                let name: String
                let node: String?
            }
            let schema: String
            let nodes: [Node]
            let tasks: [Task]
        }
        let stack = WeftProcess.data("stacks/voting.yml")
        let json = try WeftProcess.weft(["config", "-c", stack, "--json"]).output
        let report = try JSONDecoder().decode(Report.self, from: Data(json.utf8))
        #expect(report.schema == "weft.config/1")
        #expect(report.tasks.count == 6 + 3 + 2 + 1 + 1)
        let names = Set(report.nodes.map(\.name))
        #expect(report.tasks.allSatisfy { $0.node.map(names.contains) == true })
    }
}
