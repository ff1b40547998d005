import Testing

@testable import Whisper

@Suite("Words and pieces")
struct WordTests {
    private func token(_ text: String, _ start: Double, _ end: Double) -> TranscribedToken {
        token(Array(text.utf8), start, end)
    }

    private func token(_ bytes: [UInt8], _ start: Double, _ end: Double) -> TranscribedToken {
        TranscribedToken(id: 1, logprob: -0.5, text: bytes, isSpecial: false, span: start..<end)
    }

    private func words(_ tokens: [TranscribedToken], _ language: String = "en") throws -> [TranscribedWord] {
        WordTimes(language: try #require(WhisperLanguage(language))).words(tokens)
    }

    @Test("tokens join to words at spaces, punctuation clings to its word")
    func spaces() throws {
        let found = try words([
            token(" He", 0, 0.2), token("llo", 0.2, 0.5), token(",", 0.5, 0.6), token(" (", 0.6, 0.7),
            token("big", 0.7, 0.9), token(")", 0.9, 0.95), token(" world", 1, 1.4), token("!", 1.4, 1.5),
        ])
        #expect(found.map(\.text) == ["Hello,", "(big)", "world!"])
        #expect(found.map(\.start) == [0, 0.6, 1] && found.map(\.end) == [0.6, 0.95, 1.5])
        #expect(found.allSatisfy { abs($0.probability - 0.6065) < 0.001 })
    }

    @Test("a character in parts is whole again, and one that never becomes whole is not lost")
    func characters() throws {
        let (open, rest) = (Array(" é".utf8).prefix(2), Array("é".utf8).suffix(1))
        let found = try words([
            token(Array(open), 0, 0.1), token(Array(rest), 0.1, 0.2), token([0xE2, 0x82], 0.3, 0.4),
        ])
        #expect(found.map(\.text) == ["é\u{FFFD}"] && found[0].start == 0 && found[0].end == 0.4)
    }

    @Test("where there are no spaces, characters are words")
    func spaceless() throws {
        let found = try words([token("你", 0, 0.2), token("好", 0.2, 0.4), token("。", 0.4, 0.5)], "zh")
        #expect(found.map(\.text) == ["你", "好。"])
        #expect(try words([]).isEmpty)
    }

    @Test("stretches are joined up to the longest piece, and cut where they are longer alone")
    func pieces() {
        let stretches = [0.0..<2, 3..<4, 9..<12, 12.5..<14, 20..<45]
        let joined = SpeechPieces.make(stretches, longest: 10, joins: true)
        #expect(joined == [0..<4, 9..<14, 20..<30, 30..<40, 40..<45])
        #expect(SpeechPieces.make(stretches, longest: 30, joins: false) == stretches)
        #expect(SpeechPieces.make([], longest: 10, joins: true).isEmpty)
    }

    @Test("silence at the ends of a word is taken off")
    func edges() {
        var samples = [Float](repeating: 0, count: 16_000)
        for index in 4800..<9600 { samples[index] = index % 2 == 0 ? 0.3 : -0.3 }
        let edges = VoicedEdges(samples[...])
        #expect(edges.trim(0.1..<0.9) == 0.3..<0.6)
        #expect(edges.trim(0.35..<0.5) == 0.35..<0.5)
        #expect(edges.extend(0.35..<0.5, until: 5) == 0.35..<0.6)
        #expect(edges.extend(0.35..<0.5, until: 0.55) == 0.35..<0.55)
        #expect(edges.extend(0.35..<0.7, until: 5) == 0.35..<0.7 && edges.extend(0.7..<0.8, until: 5) == 0.7..<0.8)
        // A word that is silent in its middle goes on, one that is silent for longer has ended.
        for index in 10_560..<11_200 { samples[index] = index % 2 == 0 ? 0.3 : -0.3 }
        for index in 13_600..<14_400 { samples[index] = index % 2 == 0 ? 0.3 : -0.3 }
        let parts = VoicedEdges(samples[...])
        #expect(parts.extend(0.35..<0.5, until: 5) == 0.35..<0.7 && parts.extend(0.35..<0.6, until: 5) == 0.35..<0.7)
        #expect(parts.extend(0.35..<0.5, until: 0.68) == 0.35..<0.68)
        #expect(parts.extend(0.35..<0.5, until: 0.64) == 0.35..<0.6)
        // Nothing to go by.
        #expect(edges.trim(0.7..<0.9) == 0.7..<0.9 && edges.trim(0.98..<5) == 0.98..<5)
    }
}
