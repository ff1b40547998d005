import Speech
import Testing

@Suite("Sentences of a text that grows")
struct SentenceFlowTests {
    private static let texts = [
        "Hello there. How are you? I am fine!", "Mr. Smith paid 3.50 dollars. He left at 5 p.m. on Monday.",
        "Wait... what? \"No!\" she said. \"Yes.\" Then nothing.", "First:\n- one\n- two\n\nA new paragraph. And more",
        "1. Flour\n2. Sugar\n10. Salt\nDone.", "你好。今天天气很好！我们走吧？好", "A\r\nline. Another…  yes. End.",
        "It is 5. Then 6. Then J. R. R. Tolkien wrote (it is said). Good.", "e\u{301}te\u{301}. Ce\u{301}zanne. Fin",
        "", "   ", "No end at all", "One.\n\nTwo.\n\n\nThree.\n", "I like it. 5. Hello", "a.b.c is x. \"w\" is y. Z.",
    ]

    /// What is spoken, without the silences.
    private func words(_ sentences: [String]) -> [String] {
        sentences.flatMap { SentenceSplitter.split($0) }.map(\.text)
    }

    @Test("they are those of the whole text, however it comes", arguments: texts, [1, 2, 3, 7, 1000])
    func sameAsWhole(text: String, step: Int) {
        var flow = SentenceFlow()
        var sentences: [String] = []
        var scalars = Array(text.unicodeScalars)[...]
        while !scalars.isEmpty {
            var part = String.UnicodeScalarView()
            part.append(contentsOf: scalars.prefix(step))
            sentences += flow.append(String(part))
            scalars = scalars.dropFirst(step)
        }
        sentences += flow.finish()
        #expect(sentences.joined() == text)
        #expect(words(sentences) == SentenceSplitter.split(text).map(\.text))
    }

    @Test("a sentence comes as soon as the next one has begun, and not before")
    func early() {
        var flow = SentenceFlow()
        #expect(flow.append("One sentence.") == [])
        #expect(flow.append(" ") == [])
        #expect(flow.append("N") == ["One sentence. "])
        #expect(flow.append("o. 5 is next") == ["No. "] || flow.finish() == ["No. 5 is next"])
    }

    @Test("a sentence without an end is parted while it comes")
    func endless() {
        var flow = SentenceFlow()
        var sentences: [String] = []
        for number in 0..<500 { sentences += flow.append("word\(number), ") }
        #expect(sentences.count > 5)
        #expect(sentences.allSatisfy { $0.count <= 300 })
        let whole = (0..<500).map { "word\($0), " }.joined()
        #expect((sentences + flow.finish()).joined() == whole)
    }

    @Test("the pause behind a paragraph stays")
    func pauses() {
        var flow = SentenceFlow()
        let sentences = flow.append("One.\n\nTwo. Three and four") + flow.finish()
        #expect(
            sentences.flatMap { SentenceSplitter.split($0) }.map(\.pause) == [
                SpeechPiece.Pause.paragraph, SpeechPiece.Pause.sentence, SpeechPiece.Pause.sentence,
            ]
        )
    }

    @Test(
        "marks of Markdown are not read aloud",
        arguments: [
            ("**Bold** and *thin*, `code`.", "Bold and thin, code."), ("## A heading", " A heading"),
            ("See [the page](https://a.example/b).", "See the page."), ("```swift\nlet x = 1\n```", "\nlet x = 1\n"),
            ("snake_case and 2 * 3 stay", "snake_case and 2 * 3 stay"), ("- an item", "an item"),
            ("> quoted", "quoted"), ("| --- | --- |", ""), ("~~gone~~ ~5", "gone ~5"), ("**Note:** yes", "Note: yes"),
            ("(*thin*)", "(thin)"), ("plain", "plain"),
        ]
    )
    func markdown(text: String, words: String) {
        #expect(SpokenMarkdown.words(text) == words)
    }
}
