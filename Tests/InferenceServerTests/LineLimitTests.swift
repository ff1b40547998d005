import Testing

@testable import InferenceServer

@Suite("Lines that are indented")
struct LineLimitTests {
    @Test(
        "a text ends where a line other than its first is not indented enough, however it comes in pieces",
        arguments: [
            ("a\n  b\n c", 2, "a\n  b\n "), ("a\nb", 1, "a\n"), ("a\n\tb\n\t c", 1, "a\n\tb\n\t c"),
            ("a\n\nb", 1, "a\n"), ("a\nb", 0, "a\nb"), ("  a", 4, "  a"), ("\n    ", 4, "\n    "), ("", 2, ""),
            ("x\r\n  é", 2, "x\r\n  é"),
        ]
    )
    func ends(text: String, indent: Int, kept: String) {
        for length in 1...max(1, text.unicodeScalars.count) {
            var limit = LineLimit(minimumIndent: indent)
            var result = ""
            var rest = text.unicodeScalars[...]
            while !rest.isEmpty, !limit.isOver {
                result += limit.append(String(rest.prefix(length)))
                rest = rest.dropFirst(length)
            }
            #expect(result == kept, "in pieces of \(length)")
            #expect(limit.isOver == (kept != text))
        }
    }
}
