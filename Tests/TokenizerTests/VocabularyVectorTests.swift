import Foundation
import Testing
import Tokenizer

@Suite("Upstream's tokenizer vectors")
struct VocabularyVectorTests {
    /// A text and its tokens, as llama.cpp's tests/test-tokenizer-0.cpp reads them.
    struct Vector {
        let text: String
        let tokens: [Token]
    }

    static func vectors(of name: String) throws -> [Vector] {
        let file = Fixtures.folder.appending(path: name)
        let input = try Data(contentsOf: URL(filePath: "\(file.path).inp"))
        let output = try String(contentsOf: URL(filePath: "\(file.path).out"), encoding: .utf8)
        let text = try #require(String(validating: input, as: UTF8.self))
        // The lines end with "\n" and texts hold "\r\n": compare bytes, not characters.
        let separator = Array("\n__ggml_vocab_test__\n".utf8)
        var texts = Array(text.utf8).split(separator: separator, omittingEmptySubsequences: false)
        if texts.last?.isEmpty == true { texts.removeLast() }
        var lines = Array(output.utf8).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        #expect(texts.count == lines.count)
        return try zip(texts, lines).map { text, line in
            let tokens = try line.split(separator: UInt8(ascii: " ")).map {
                try #require(Token(String(decoding: $0, as: UTF8.self)))
            }
            return Vector(text: String(decoding: text, as: UTF8.self), tokens: tokens)
        }
    }

    @Test("every text gives the expected tokens", arguments: Fixtures.vocabulariesWithVectors)
    func encodes(name: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        let vectors = try Self.vectors(of: name)
        #expect(vectors.count >= 40)
        for vector in vectors {
            let tokens = try vocabulary.encode(vector.text, addSpecial: false, parseSpecial: false)
            #expect(tokens == vector.tokens, "\(vector.text.debugDescription)")
        }
    }

    @Test("the tokens of a text give it back", arguments: Fixtures.vocabularies)
    func roundTrips(name: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        for vector in try Self.vectors(of: "ggml-vocab-llama-bpe.gguf") where isLossless(vocabulary, vector.text) {
            let tokens = try vocabulary.encode(vector.text, addSpecial: false, parseSpecial: false)
            var detokenizer = IncrementalDetokenizer(vocabulary: vocabulary, continuesText: false)
            var text = try tokens.map { token in try detokenizer.append(token) }.joined()
            text += detokenizer.finish()
            #expect(Array(text.utf8) == Array(vector.text.utf8), "\(vector.text.debugDescription)")
        }
    }

    @Test(
        "decoding at once is decoding token by token",
        arguments: ["ggml-vocab-llama-spm.gguf", "ggml-vocab-qwen2.gguf"]
    )
    func decodesAtOnce(name: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        for vector in try Self.vectors(of: name) {
            #expect(try Array(vocabulary.decode(vector.tokens).utf8) == Array(vector.text.utf8))
        }
    }

    /// WordPiece and unigram normalize.
    private func isLossless(_ vocabulary: Vocabulary, _ text: String) -> Bool {
        vocabulary.kind == .byteLevel || vocabulary.kind == .sentencePiece
    }
}
