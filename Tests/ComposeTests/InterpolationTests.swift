// Goal: variables are replaced as docker replaces them. Method: a table of templates with A=1,
// B empty and C unset; where the shell has the form too (all but `$$`), the shell's answer.

import Compose
import Mesh
import Testing

@Suite struct InterpolationTests {
    private static let environment = ["A": "1", "B": ""]

    @Test(arguments: [
        ("x$A", "x1"), ("x${A}y", "x1y"), ("$A$A", "11"), ("x$$A", "x$A"), ("x$${A}", "x${A}"),
        ("x${A-d}", "x1"), ("x${B-d}", "x"), ("x${C-d}", "xd"),
        ("x${A:-d}", "x1"), ("x${B:-d}", "xd"), ("x${C:-d}", "xd"), ("x${C:-}", "x"),
        ("x${A+d}", "xd"), ("x${B+d}", "xd"), ("x${C+d}", "x"),
        ("x${A:+d}", "xd"), ("x${B:+d}", "x"), ("x${C:+d}", "x"),
        ("x${A?no}", "x1"), ("x${B?no}", "x"), ("x${A:?no}", "x1"),
        ("x${C:-${A}2}", "x12"), ("x${C:-${B:-${A}}}", "x1"), ("x${C-a:b}", "xa:b"),
    ])
    func `a template becomes its text`(template: String, expected: String) throws {
        let text = "services: {web: {image: \"\(template)\"}}"
        #expect(try load(text, Self.environment).specification.services[0].image == expected)
    }

    @Test(arguments: [
        "$", "x$", "${", "${}", "${A", "${A:", "${A:-", "$1", "${1}", "${A:=b}", "${A!b}", "$-",
        "${A:-${}}", "${A b}",
    ])
    func `any other dollar sign is an error`(template: String) {
        let found = complaints("services: {web: {image: \"\(template)\"}}", Self.environment)
        #expect(found.count == 1)
        #expect(
            found.first?.hasPrefix(
                "stack.yml:1:25: services.web.image: invalid interpolation format for") == true)
    }

    @Test func `an unset variable is remarked upon and a default is not`() throws {
        let text = "services: {web: {image: \"x$C${C:-}${A:-$C}\"}}"
        let warnings = try load(text, Self.environment).warnings
        #expect(warnings.map(\.message) == ["the variable C is not set, an empty string is used"])
    }

    @Test func `a variable is remarked upon once where it is written`() throws {
        let text = """
            x-s: &s "$C$C"
            services: {web: {image: a, environment: [*s, *s, *s, $C]}}
            """
        #expect(
            try load(text, Self.environment).warnings.map { "\($0.place) \($0.path)" } == [
                "stack.yml:1:6 services.web.environment.0",
                "stack.yml:2:54 services.web.environment.3",
            ])
        let many = (0..<1500).map { "$X\($0)" }.joined()
        let warnings = try load("services: {web: {image: a\(many)}}").warnings
        #expect(warnings.count == 1001)
        #expect(
            warnings.last?.message
                == "more than 1000 remarks, this one and the rest are not shown")
    }

    // The list of unset variables was copied once for each default.
    @Test(.timeLimit(.minutes(1)))
    func `defaults that are not needed cost no more among many`() throws {
        let text = (0..<200_000).map { "${B-$X\($0)}$Y\($0)" }.joined()
        let stack = try load("services: {web: {image: a, command: \"\(text)\"}}", Self.environment)
        #expect(stack.warnings.count == 1001)
    }

    @Test func `all interpolated text together grows only so far`() {
        let values = Array(repeating: "$L", count: 120).joined(separator: ", ")
        let found = complaints(
            "services: {web: {image: a, environment: [\(values)]}}",
            ["L": String(repeating: "l", count: 600_000)])
        #expect(
            found == [
                "stack.yml:1:486: services.web.environment.111: "
                    + "interpolation grows larger than 67108864 bytes in all"
            ])
    }

    @Test func `interpolated text grows and nests only so far`() {
        let deep = String(repeating: "${C:-", count: 40) + String(repeating: "}", count: 40)
        #expect(
            complaints("services: {web: {image: \"\(deep)\"}}").first?.contains("too large") == true
        )
        let text = "services: {web: {image: \"\(String(repeating: "$L", count: 300))\"}}"
        let long = ["L": String(repeating: "l", count: 10_000)]
        #expect(complaints(text, long).first?.contains("too large") == true)
    }
}
