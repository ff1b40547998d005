import Speech
import TestSupport
import Testing

@Suite("Sentences")
struct SentenceSplitterTests {
    private func sentences(_ text: String, _ language: String = "en-us") -> [String] {
        SentenceSplitter.split(SpeakableText.clean(text), language: language).map(\.text)
    }

    /// A text, with a bar where one sentence ends and the next begins.
    @Test(
        "sentences end where they end",
        arguments: [
            "One.| Two!| Three?| Four",
            "What?!| Really...| Yes.",
            "Dr. Smith met Mr. and Mrs. Jones at St. Mary's.| They spoke.",
            "It costs 3.50 dollars, or 1,000.25 in all.| Fine.",
            "See example.com or version 2.0.1 for it.| Good.",
            "J. R. R. Tolkien wrote it.| So did C. S. Lewis.",
            "He said \"Stop.\"| Then he left.",
            "\"Really?\" she asked.| \"Yes!\" he said.",
            "(It was late.)| We went home.",
            "They came, e.g. from the U.S. government, i.e. by plane.| All of them.",
            "We met at 5 p.m. yesterday.| It ended at 6 p.m.| Then we ate.",
            "It is No. 5 on the list.| No.| I won't.",
            "On Jan. 3 it snowed.| It did so in Jan.| Then it stopped.",
            "Wait… what is it?| Nothing…| Good.",
            "It was I.| You know it.",
            "He was born in 1984.| She was not.",
            "我喜欢猫。|你呢？|好！|再见",
            "「行こう。」|彼は言った。|はい",
            "यह अच्छा है।| वह भी।| ठीक",
            "كيف حالك؟| أنا بخير.| شكرا",
            "¿Qué tal?| ¡Muy bien!| El Sr. Pérez y la Sra. Gómez.",
            "Est-ce que M. Dupont est là ?| Oui.",
            "Γεια σου.| Τι κάνεις;",
            "Բարև։| Ինչպե՞ս ես։",
            "ሰላም።| እንዴት ነህ",
        ]
    )
    func ends(_ marked: String) {
        let expected = marked.split(separator: "|").map { String($0.drop { $0 == " " }) }
        #expect(sentences(marked.replacing("|", with: "")) == expected)
    }

    @Test("ordinals end no sentence in languages that write them with a full stop")
    func ordinals() {
        #expect(sentences("Am 3. Mai war es so. Dann nicht.", "de") == ["Am 3. Mai war es so.", "Dann nicht."])
        #expect(sentences("Ул. Ленина, д. 5. Да!", "ru") == ["Ул. Ленина, д. 5.", "Да!"])
        #expect(sentences("I have 3. You have 4.") == ["I have 3.", "You have 4."])
        #expect(sentences("Das gilt z. B. für Dr. Meier bzw. Frau Dr. Huber. Ja.", "de").count == 2)
    }

    @Test("lines go on, items of lists and paragraphs do not")
    func lines() {
        #expect(sentences("This is a\nwrapped line.") == ["This is a wrapped line."])
        #expect(
            sentences("Buy:\n- milk\n- two eggs\n1. First\n2. Second") == [
                "Buy:", "- milk", "- two eggs", "1. First", "2. Second",
            ]
        )
        let pieces = SentenceSplitter.split("A title\n\nA text. More.")
        #expect(pieces.map(\.text) == ["A title", "A text.", "More."])
        #expect(
            pieces.map(\.pause) == [
                SpeechPiece.Pause.paragraph, SpeechPiece.Pause.sentence, SpeechPiece.Pause.sentence,
            ]
        )
    }

    @Test("long sentences are parted at clauses, then at spaces, then anywhere; nothing is lost")
    func long() {
        let clauses = String(repeating: "and the sea was calm, ", count: 40)
        let words = String(repeating: "word ", count: 200)
        let solid = String(repeating: "字", count: 1000)
        for text in [clauses, words, solid] {
            let pieces = SentenceSplitter.split(text)
            #expect(pieces.count > 2)
            #expect(pieces.allSatisfy { !$0.text.isEmpty && $0.text.count <= 300 })
            let joined = pieces.map(\.text).joined().filter { $0 != " " }
            #expect(joined == text.filter { $0 != " " })
        }
        #expect(SentenceSplitter.split(clauses)[0].text.hasSuffix(","))
        #expect(SentenceSplitter.split(clauses)[0].pause == SpeechPiece.Pause.clause)
    }

    @Test("nothing is nothing; marks alone are one piece")
    func empty() {
        #expect(SentenceSplitter.split("").isEmpty)
        #expect(SentenceSplitter.split(" \n\n ").isEmpty)
        #expect(SentenceSplitter.split("...").map(\.text) == ["..."])
    }

    @Test("no text makes it stumble, and none is lost")
    func random() {
        var generator = SplitMix64(seed: 1)
        let characters = Array("aB.3 \n\"')!?…。,;«»-Dr.mé字؟।")
        for _ in 0..<3000 {
            let text = String(
                (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                    characters.randomElement(using: &generator) ?? "a"
                }
            )
            let pieces = SentenceSplitter.split(text, language: Bool.random(using: &generator) ? "de" : "en")
            #expect(
                pieces.map(\.text).joined().filter { !$0.isWhitespace } == text.filter { !$0.isWhitespace },
                "\(text)"
            )
        }
    }
}
