import Testing
import YAML

@Suite("Texts of YAML documents")
struct YAMLTextsTests {
    private func read(_ text: String) throws -> YAMLTexts { try YAMLTexts(Array(text.utf8)) }

    @Test("plain, quoted and block texts are read in order")
    func texts() throws {
        let texts = try read(
            "name: Ann\ncontext: |-\n  First {{char}}\n\n  second\ngreeting: \"Hé\\n\\u0000\"\nage: 7\n"
        )
        #expect(texts.members.map(\.key) == ["name", "context", "greeting", "age"])
        #expect(texts["context"] == "First {{char}}\n\nsecond")
        #expect(texts["greeting"] == "Hé\n\u{0}" && texts["age"] == "7" && texts["other"] == nil)
    }

    @Test("nested values are left out, and aliases stand for what they name")
    func nested() throws {
        let texts = try read("a: &x text\nb: [1, 2]\nc: {d: e}\nf: *x\n")
        #expect(texts.members.map(\.key) == ["a", "f"] && texts["f"] == "text")
    }

    @Test(
        "what is no mapping is refused",
        arguments: ["", "text", "- a\n- b", "a: [", "a: b: c", "\"", "a: *nobody", "\t", "a: \u{1}"]
    )
    func refused(text: String) {
        #expect(throws: YAMLTexts.Fault.self) { try read(text) }
    }

    @Test("invalid UTF-8, deep nesting and aliases of aliases end")
    func hostile() throws {
        #expect(throws: YAMLTexts.Fault.self) { try YAMLTexts([0x61, 0x3A, 0x20, 0xFF, 0xFE]) }
        _ = try? read(String(repeating: "[", count: 5_000))
        _ = try? read("a: " + String(repeating: "{a: ", count: 2_000))
        let levels = (1...40).map { "l\($0): &l\($0) [*l\($0 - 1), *l\($0 - 1)]" }
        #expect(try read("l0: &l0 text\n" + levels.joined(separator: "\n")).members.count == 1)
    }
}
