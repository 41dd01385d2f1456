// Goal: no text makes the loader trap, hang or misread. Method: YAML 1.1's known traps, the known
// ways to blow a YAML reader up, and some thousand seeded mutations of a good stack.

import Compose
import Mesh
import Testing
import Wire

@Suite struct HostileTextTests {
    @Test func `scalars are what was written`() throws {
        let text = """
            services:
              no:
                image: yes
                ports: [22:22, "1_0:80"]
            """
        #expect(complaints(text).map { $0.split(separator: " ")[0] } == ["stack.yml:4:20:"])
        let good = try load("services:\n  no:\n    image: 1e3\n    ports: [22:22]\n")
        #expect(good.specification.services.map(\.shortName) == ["no"])
        #expect(good.specification.services.map(\.image) == ["1e3"])
        #expect(good.specification.services[0].ports.map(\.target.rawValue) == [22])
    }

    @Test func `merge keys fill in what is not said`() throws {
        let text = """
            x-a: &a {image: first, ports: ["80:80"]}
            x-b: &b {image: second, deploy: {replicas: 5}}
            services:
              web:
                <<: [*a, *b]
                ports: ["81:81"]
            """
        let service = try load(text).specification.services[0]
        #expect(service.image == "first")
        #expect(service.ports.map(\.published?.rawValue) == [81])
        #expect(service.mode == .replicated(5))
    }

    @Test func `a merge key needs a mapping`() {
        #expect(
            complaints("services: {web: {image: a, <<: 5}}")
                == ["stack.yml:1:32: <<: a merge key needs a mapping or a list of mappings"])
    }

    @Test func `nesting without end is refused`() {
        for count in [100, 999, 1001, 100_000] {
            let lists = "services: " + String(repeating: "[", count: count)
            #expect(complaints(lists).count == 1)
            let closed = lists + String(repeating: "]", count: count)
            #expect(complaints(closed).count == 1)
        }
        let blocks = (0..<2000).map { String(repeating: " ", count: $0) + "a:" }
        #expect(complaints(blocks.joined(separator: "\n")).count == 1)
    }

    @Test func `aliases of aliases are not expanded without end`() {
        var text = "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "x-\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(complaints(text + "services: {web: {image: a}}\n").first?.contains("nodes") == true)
        for key in [
            "? *a12\n: 1\n", "[*a12]: 1\n", "*a12 : 1\n", "{[*a12]:1}\n", "x-z:\n  ? *a12\n",
        ] {
            #expect(complaints(text + key).count == 1)
        }
    }

    @Test func `many aliases go with braces and question marks`() throws {
        let services = (0..<9).map { "  s\($0): {<<: *c, image: i}\n" }.joined()
        let text = "x-common: &c {deploy: {replicas: 1}}\nservices:\n" + services
        for own in [
            "ports:\n      - ${PORT:-8080}:80", "image: ${IMG:?set IMG}", "image: a?b:c]",
            "labels: {a: \"] : }\", b: 'x ? *y'}", "command: cat *.log # ]: *x : ? y",
        ] {
            let stack = try load(text + "  j:\n    <<: *c\n    \(own)\n", ["IMG": "i"])
            #expect(stack.specification.services.count == 10, "\(own)")
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            // What looks like a quote, and what ends a line for YAML 1.1.
            ("[x \"y, ", ", ", "]"), ("\n- x\"\n- ", "\n- ", "\n"), (" # \"\r- ", "\r- ", "\r"),
            (" # '\u{85}- ", "\u{85}- ", "\u{85}"), (" # '\u{2028}- ", "\u{2028}- ", "\u{2028}"),
            (" # '\u{2029}- ", "\u{2029}- ", "\u{2029}"),
        ])
    func `keys of many aliases are refused however they hide`(
        start: String, separator: String, end: String
    ) {
        var lists = ["&a0 [1, 1]"]
        for level in 1...36 { lists.append("&a\(level) [*a\(level - 1), *a\(level - 1)]") }
        for key in ["{? *a36 : 1}", "{[*a36]: 1}", "{*a36 : 1}", "{{*a36 : 1}: 1}"] {
            let text = "x-b: " + start + (lists + [key]).joined(separator: separator) + end
            let found = complaints(text)
            #expect(found.count == 1)
            #expect(found.first?.hasSuffix(": a key must be a string") == true, "\(found)")
        }
    }

    @Test func `an alias may be a key when it stands for a string`() throws {
        let names = (0..<9).map { "x-\($0): &n\($0) name\($0)\n" }.joined()
        let keys = (0..<9).map { "  *n\($0) : {image: i}\n" }.joined()
        let services = try load(names + "services:\n" + keys).specification.services
        #expect(services.map(\.shortName) == (0..<9).map { "name\($0)" })
        let twice = complaints(names + "services:\n" + keys + "  *n3 : {}\n")
        #expect(twice.first?.contains("duplicate key \"*n3\"") == true, "\(twice)")
    }

    @Test func `a long string does not multiply without end`() {
        let long = String(repeating: "x", count: 1 << 20)
        let aliases = Array(repeating: "*a", count: 100).joined(separator: ", ")
        let message = "stack.yml:1:6: more than 67108864 bytes with aliases expanded"
        let text = "x-s: &a \(long)\nservices: {web: {image: i, labels: [\(aliases)]}}\n"
        #expect(complaints(text) == [message])
        let key = "services:\n  web:\n    ? \(long)\n    : 1\n"
        #expect(complaints(key) == ["stack.yml:3:7: a key of more than 1024 bytes"])
        let keys = Array(repeating: "{*a : 1}", count: 20).joined(separator: ", ")
        #expect(
            complaints("x-s: &a \(long)\nx-t: [\(keys)]\n").first?
                .contains("keys by alias of more than 16777216 bytes") == true)
    }

    @Test func `two documents and foreign bytes are refused`() {
        #expect(complaints("services: {a: {image: b}}\n---\nservices: {}\n").count == 1)
        #expect(complaints("\u{0}").count == 1)
        #expect(complaints("services:\n  web: {image: \"\\x\"}\n").count == 1)
        #expect(complaints("? [a, b]\n: c\n") == ["stack.yml:1:3: a key must be a string"])
    }

    @Test func `mutations of a good stack load or are refused with a place`() throws {
        let original = Array(try Fixture.vote().utf8)
        var random = SplitMix(seed: 7)
        let spice = Array("{}[]:,-*&!|>'\"%@`#? \t\n$0129az/".utf8)
        var loadedCount = 0
        for _ in 0..<1500 {
            var bytes = original
            for _ in 0...Int(random.next() % 4) {
                let index = Int(random.next() % UInt64(bytes.count))
                let byte = spice[Int(random.next() % UInt64(spice.count))]
                switch random.next() % 4 {
                case 0: bytes[index] = byte
                case 1: bytes.insert(byte, at: index)
                case 2: bytes.removeSubrange(index..<min(index + 9, bytes.count))
                default: bytes.removeSubrange(index...)
                }
                if bytes.isEmpty { bytes = original }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(ComposeError) {
                let cluster = try load(text).assemble()
                loadedCount += 1
                #expect(throws: Never.self) { try cluster.checkInvariants() }
            } catch {
                #expect(!error.diagnostics.isEmpty)
                #expect(error.diagnostics.allSatisfy { $0.place.line > 0 && $0.place.column > 0 })
            }
        }
        // Both ends of the road were walked.
        #expect((100..<1400).contains(loadedCount))
    }
}

/// Steele, Lea and Flood's SplitMix64: the same numbers from the same seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
