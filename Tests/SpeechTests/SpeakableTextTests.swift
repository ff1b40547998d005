import Speech
import Testing

@Suite("Text that can be spoken")
struct SpeakableTextTests {
    @Test("what is no text goes; spaces and line ends become plain ones")
    func characters() {
        #expect(
            SpeakableText.clean("a\u{0}b\u{1}50Pc\u{7F}d\u{9B}e\u{FEFF}f\u{200B}g\u{E000}h\u{FFFE}") == "ab50Pcdefgh"
        )
        #expect(SpeakableText.clean("a\tb\u{A0}c\u{3000}d\r\ne\rf\u{2028}g") == "a b c d\ne\nf\ng")
        // Joiners change letters, and emoji.
        #expect(SpeakableText.clean("क्\u{200D}ष 👩\u{200D}🚀") == "क्\u{200D}ष 👩\u{200D}🚀")
    }

    @Test("very long words are parted, endless repetitions and heaps of marks shortened")
    func excess() {
        let word = String(repeating: "abcdefghij", count: 20)
        let parts = SpeakableText.clean(word).split(separator: " ")
        #expect(parts.count == 4 && parts.joined() == word && parts.allSatisfy { $0.count <= 60 })
        #expect(SpeakableText.clean(String(repeating: "a", count: 1000)).count == 8)
        #expect(SpeakableText.clean("1" + String(repeating: "0", count: 30)).count == 31)
        let heap = "a" + String(repeating: "\u{301}\u{302}", count: 100)
        #expect(SpeakableText.clean(heap).unicodeScalars.count == 4)
    }

    @Test("words, numbers, symbols and emoji can be spoken, marks alone can't")
    func speakable() {
        for text in ["a", "5", "字", "😀", "$", "&", "€", "½"] { #expect(SpeakableText.isSpeakable(text), "\(text)") }
        for text in ["", " ", "...", "?!", "—", "\n", "\"\"", "\u{301}"] {
            #expect(!SpeakableText.isSpeakable(text), "\(text)")
        }
    }

    @Test(
        "a script tells the language; Latin letters do not",
        arguments: [
            ("Привет, как дела?", "ru"), ("Привіт, як справи?", "uk"), ("Γειά σου", "el"), ("שלום", "he"),
            ("مرحبا", "ar"),
            ("سلام، چطوری؟", "fa"), ("नमस्ते", "hi"), ("你好", "cmn"), ("こんにちは世界", "ja"), ("カタカナ漢字漢字漢字", "ja"),
            ("안녕하세요", "ko"), ("สวัสดี", "th"), ("გამარჯობა", "ka"), ("Բարև", "hy"), ("வணக்கம்", "ta"),
            ("Xin chào, bạn khỏe không", "vi"),
            ("hello", nil), ("Grüß Gott", nil), ("123", nil), ("", nil), ("hello мир hello", nil), ("the 猫", nil),
        ] as [(String, String?)]
    )
    func scripts(_ text: String, _ language: String?) {
        #expect(ScriptLanguage.guess(text) == language)
    }
}
