// Goal: the scanners see code and only code. Method: small texts with what must be left of them, and
// declarations with the length that counting by hand gives.

import Testing

@Suite struct ScannerTests {
    @Test(arguments: [
        ("a // b", "a     "),
        ("a /* b /* c */ d */ e", "a                   e"),
        (#"a("b {") + c"#, #"a("   ") + c"#),
        (#""a\"b" + c"#, #""    " + c"#),
        (#""a \(b("c")) d" + e"#, #""   (b(" "))  " + e"#),
        (##"#"a " \(b)"# + c"##, ##"#"        "# + c"##),
        ("\"\"\"\na \" {\n\"\"\" + b", "\"\"\"\n     \n\"\"\" + b"),
        (#""http://a" + b"#, #""        " + b"#),
    ])
    func `comments and strings are blanked and code is not`(text: String, code: String) {
        #expect(String(decoding: CodeMask.code(of: text), as: UTF8.self) == code)
    }

    @Test func `a function's length runs from its name to its brace`() {
        let text = """
            protocol A {
                func none()
                var nothing: Int { get }
            }
            struct B {
                var stored = 1
                init(_ a: () -> Void = { }) {
                    self.init()
                }
                func long<C>(
                    c: C
                ) -> Int {
                    if true { return [1].map { $0 }[0] }
                    return "\\(stored) }".count
                }
                subscript(_ index: Int) -> Int {
                    get { index }
                }
            }
            """
        let functions = FunctionScan(SourceFile(path: "Sources/A/B.swift", text: text)).functions
        let lengths = functions.map { "\($0.name) \($0.line) \($0.lineCount)" }
        #expect(lengths == ["nothing 3 1", "init 7 3", "long 10 6", "subscript 16 3"])
    }

    @Test func `a phrase is a whole word`() {
        #expect(Array("a unsafe b".utf8).hasPhrase("unsafe"))
        #expect(Array("unsafe".utf8).hasPhrase("unsafe"))
        #expect(!Array("unsafeLoad".utf8).hasPhrase("unsafe"))
        #expect(!Array("isunsafe".utf8).hasPhrase("unsafe"))
        #expect(Array("Int.random(in: a)".utf8).hasPhrase(".random("))
    }
}
