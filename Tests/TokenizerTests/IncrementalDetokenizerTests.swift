import TestSupport
import Testing
import Tokenizer

@Suite("Text from tokens")
struct IncrementalDetokenizerTests {
    @Test("any tokens give the text of all their bytes", arguments: Fixtures.vocabularies, [false, true])
    func anyTokens(name: String, special: Bool) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        var generator = SplitMix64(seed: 5)
        for _ in 0..<50 {
            var detokenizer = IncrementalDetokenizer(vocabulary: vocabulary, special: special)
            var text = ""
            var bytes: [UInt8] = []
            for _ in 0..<30 {
                // The first tokens are the single bytes in most vocabularies.
                let range = Bool.random(using: &generator) ? 0..<Token(vocabulary.size) : 0..<256
                let token = Token.random(in: range, using: &generator)
                bytes += try vocabulary.piece(of: token, special: special)
                text += try detokenizer.append(token)
                #expect(bytes.starts(with: text.utf8) || text.contains("\u{FFFD}"))
            }
            text += detokenizer.finish()
            #expect(Array(text.utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8))
        }
    }

    @Test("an emoji of several tokens comes out whole")
    func emoji() throws {
        let vocabulary = try Fixtures.vocabulary("ggml-vocab-llama-spm.gguf")
        let tokens = try vocabulary.encode("🦙", addSpecial: false, parseSpecial: false)
        #expect(tokens.count >= 4)
        var detokenizer = IncrementalDetokenizer(vocabulary: vocabulary, continuesText: false)
        #expect(try tokens.map { token in try detokenizer.append(token) }.filter { !$0.isEmpty } == ["🦙"])
        #expect(detokenizer.finish().isEmpty)
    }

    @Test("a text that goes on from another keeps the space of its first token")
    func continuation() throws {
        let vocabulary = try Fixtures.vocabulary("ggml-vocab-llama-spm.gguf")
        let tokens = try vocabulary.encode("Hello world", addSpecial: false, parseSpecial: false)
        var alone = IncrementalDetokenizer(vocabulary: vocabulary, continuesText: false)
        var continued = IncrementalDetokenizer(vocabulary: vocabulary)
        #expect(try tokens.map { token in try alone.append(token) }.joined() == "Hello world")
        #expect(try tokens.map { token in try continued.append(token) }.joined() == " Hello world")
    }

    @Test("special tokens are silent unless asked for")
    func special() throws {
        let vocabulary = try Fixtures.vocabulary("ggml-vocab-llama-bpe.gguf")
        for (special, expected) in [(false, "Hello"), (true, "<|begin_of_text|>Hello<|eot_id|>")] {
            var detokenizer = IncrementalDetokenizer(vocabulary: vocabulary, special: special)
            let text = try [128_000, 9906, 128_009].map { token in try detokenizer.append(token) }.joined()
            #expect(text == expected)
        }
    }
}
