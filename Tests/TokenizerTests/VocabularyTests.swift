import CLlama
import Foundation
import TestSupport
import Testing
import Tokenizer

@Suite("Vocabulary")
struct VocabularyTests {
    private let bytes = "ggml-vocab-llama-bpe.gguf"
    private let pieces = "ggml-vocab-llama-spm.gguf"

    @Test("a file that holds no model is refused", arguments: ["", "/", "/nowhere.gguf", "/dev/zero", #filePath])
    func unusable(path: String) {
        let error = #expect(throws: TokenizerError.self) { try Vocabulary(contentsOf: path) }
        #expect(error?.code == .unusableModel)
    }

    @Test("every vocabulary knows its tokens", arguments: Fixtures.vocabularies)
    func everyToken(name: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        #expect(vocabulary.size > 1000)
        for token in stride(from: 0, to: Token(vocabulary.size), by: 7) {
            let plain = try vocabulary.piece(of: token)
            let special = try vocabulary.piece(of: token, special: true)
            #expect(plain == special || plain.isEmpty)
        }
        let ends = (0..<Token(vocabulary.size)).filter(vocabulary.isEndOfGeneration)
        if let end = vocabulary.endOfSequence, vocabulary.kind != .wordPiece { #expect(ends.contains(end)) }
    }

    @Test("numbers that are no tokens are refused", arguments: [-1, .min, .max, 1_000_000, 128_256] as [Token])
    func noToken(token: Token) throws {
        let vocabulary = try Fixtures.vocabulary(bytes)
        #expect(vocabulary.size == 128_256)
        #expect(!vocabulary.contains(token))
        #expect(!vocabulary.isControl(token))
        #expect(!vocabulary.isEndOfGeneration(token))
        let piece = #expect(throws: TokenizerError.self) { try vocabulary.piece(of: token) }
        #expect(piece?.code == .invalidArgument)
        let text = #expect(throws: TokenizerError.self) { try vocabulary.decode([9906, token]) }
        #expect(text?.code == .invalidArgument)
        var detokenizer = IncrementalDetokenizer(vocabulary: vocabulary)
        #expect(throws: TokenizerError.self) { try detokenizer.append(token) }
        #expect(try detokenizer.append(9906) == "Hello")
    }

    @Test("an empty text has no tokens, and no tokens give an empty text", arguments: Fixtures.vocabularies)
    func empty(name: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        #expect(try vocabulary.encode("", addSpecial: false, parseSpecial: true).isEmpty)
        #expect(try vocabulary.decode([]).isEmpty)
        #expect(vocabulary.minimumTokenCount(ofUTF8Length: 0) == 0)
    }

    @Test("special tokens are added when asked for")
    func addsSpecial() throws {
        let llama = try Fixtures.vocabulary(bytes)
        #expect(try llama.encode("Hello world", addSpecial: true, parseSpecial: false) == [128_000, 9906, 1917])
        #expect(llama.beginningOfSequence == 128_000)
        #expect(llama.addsBeginningOfSequence)
        let bert = try Fixtures.vocabulary("ggml-vocab-bert-bge.gguf")
        #expect(try bert.encode("", addSpecial: true, parseSpecial: false) == [101, 102])
        #expect(bert.separator == 102)
    }

    @Test("the names of special tokens become tokens only when asked for", arguments: Fixtures.vocabularies)
    func namesInText(name: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        let control = (0..<Token(vocabulary.size)).filter(vocabulary.isControl)
        let names = try control.prefix(40).map {
            String(decoding: try vocabulary.piece(of: $0, special: true), as: UTF8.self)
        }
        for (token, name) in zip(control, names) where vocabulary.token(named: name) == token {
            let text = "see \(name) here"
            let plain = try vocabulary.encode(text, addSpecial: false, parseSpecial: false)
            // WordPiece and unigram may know no other token for a word than the unknown one.
            #expect(!plain.contains { vocabulary.isControl($0) && $0 == token }, "\(name)")
            #expect(try vocabulary.encode(text, addSpecial: false, parseSpecial: true).contains(token), "\(name)")
        }
    }

    @Test("tokens are found by name")
    func named() throws {
        let vocabulary = try Fixtures.vocabulary(bytes)
        #expect(vocabulary.token(named: "<|eot_id|>") == 128_009)
        #expect(vocabulary.token(named: "Hello") == 9906)
        #expect(vocabulary.token(named: "") == nil)
        #expect(vocabulary.token(named: "no such token") == nil)
    }

    @Test("strange text survives", arguments: Fixtures.vocabularies)
    func strangeText(name: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        let planes = stride(from: 0, through: 0x10FFFF, by: 331).compactMap { Unicode.Scalar(UInt32($0)) }
        let texts = [
            "a\0b\0\0", "\0", "\u{FEFF}x", "\u{202E}abc", "e\u{301}\u{302}\u{303}", "\r\n\r\n", "\u{10FFFF}\u{FFFD}",
            "👩‍👩‍👧‍👦 🇩🇪", String(String.UnicodeScalarView(planes)),
        ]
        for text in texts {
            let tokens = try vocabulary.encode(text, addSpecial: false, parseSpecial: true)
            #expect(tokens.allSatisfy(vocabulary.contains))
            #expect(tokens.count >= vocabulary.minimumTokenCount(ofUTF8Length: text.utf8.count))
            #expect(tokens.count >= vocabulary.minimumTokenCount(of: text))
            // A vocabulary with a bound loses nothing. (Three of these lack tokens for some control characters.)
            guard vocabulary.kind == .byteLevel, vocabulary.minimumTokenCount(ofUTF8Length: 1) > 0 else { continue }
            #expect(try Array(tokens.flatMap { try vocabulary.piece(of: $0, special: true) }) == Array(text.utf8))
        }
    }

    @Test("a text of a megabyte has tokens", arguments: Fixtures.vocabularies)
    func megabyte(name: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        let text = String(repeating: "lorem ipsum 123\n", count: 1 << 16)
        let tokens = try vocabulary.encode(text, addSpecial: true, parseSpecial: true)
        #expect(tokens.count > 1 << 16)
        #expect(tokens.count >= vocabulary.minimumTokenCount(ofUTF8Length: text.utf8.count))
        #expect(tokens.count >= vocabulary.minimumTokenCount(of: text))
    }

    @Test("a very long word has tokens", arguments: Fixtures.vocabularies, ["a", " ", "é."])
    func longWord(name: String, word: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        let text = String(repeating: word, count: 100_000 / word.utf8.count)
        let tokens = try vocabulary.encode(text, addSpecial: true, parseSpecial: false)
        #expect(tokens.allSatisfy(vocabulary.contains))
        #expect(tokens.count >= vocabulary.minimumTokenCount(ofUTF8Length: text.utf8.count))
        #expect(tokens.count >= vocabulary.minimumTokenCount(of: text))
    }

    @Test(
        "a word too long for the stack is refused, and one just short of that is not",
        arguments: ["ggml-vocab-deepseek-coder.gguf", "ggml-vocab-deepseek-llm.gguf", "ggml-vocab-falcon.gguf"],
        ["é", " "]
    )
    func endlessWord(name: String, word: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        let longest = String(repeating: word, count: 262_144)
        #expect(try !vocabulary.encode(longest, addSpecial: false, parseSpecial: false).isEmpty)
        let error = #expect(throws: TokenizerError.self) {
            try vocabulary.encode(longest + word, addSpecial: false, parseSpecial: false)
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test("text with more special tokens than llama.cpp can take apart in time is refused")
    func tooManySpecial() throws {
        let vocabulary = try Fixtures.vocabulary(bytes)
        let few = String(repeating: "x<|eot_id|>", count: 5000)
        #expect(try vocabulary.encode(few, addSpecial: false, parseSpecial: true).count == 10_000)
        let many = String(repeating: "<|eot_id|> ", count: 100_000)
        let error = #expect(throws: TokenizerError.self) {
            try vocabulary.encode(many, addSpecial: false, parseSpecial: true)
        }
        #expect(error?.code == .invalidArgument)
        #expect(try vocabulary.encode(many, addSpecial: false, parseSpecial: false).count > 500_000)
    }

    @Test("bytes that are no UTF-8 do not crash the native side", arguments: Fixtures.vocabularies)
    func invalidBytes(name: String) throws {
        _ = try Fixtures.vocabulary(name)
        var options = cl_model_options()
        options.vocabulary_only = true
        var model: OpaquePointer?
        #expect(cl_model_load(Fixtures.folder.appending(path: name).path, options, &model) == .CL_OK)
        let loaded = try #require(model)
        defer { cl_model_free(loaded) }
        var generator = SplitMix64(seed: 11)
        for length in [1, 2, 3, 7, 100, 1000] {
            let noise = (0..<length).map { _ in CChar(truncatingIfNeeded: generator.next() | 0x80) }
            var tokens = cl_tokens()
            let status = cl_tokenize(loaded, noise, noise.count, false, true, &tokens)
            #expect(status == .CL_OK || status == .CL_FAILED)
            cl_tokens_free(tokens)
        }
        var tokens = cl_tokens()
        #expect(cl_tokenize(loaded, nil, 0, false, false, &tokens) == .CL_OK)
        #expect(tokens.count == 0)
        #expect(cl_tokenize(loaded, "x", Int(Int32.max), false, false, &tokens) == .CL_INVALID_ARGUMENT)
    }

    @Test("eight tasks encode as one does")
    func concurrent() async throws {
        let vocabulary = try Fixtures.vocabulary(pieces)
        let texts = try VocabularyVectorTests.vectors(of: pieces).map(\.text)
        let expected = try texts.map { try vocabulary.encode($0, addSpecial: true, parseSpecial: true) }
        try await withThrowingTaskGroup(of: [[Token]].self) { group in
            for _ in 0..<8 {
                group.addTask { try texts.map { try vocabulary.encode($0, addSpecial: true, parseSpecial: true) } }
            }
            for try await tokens in group { #expect(tokens == expected) }
        }
    }

    @Test("fewer tokens than the bound never come out", arguments: Fixtures.vocabularies)
    func bound(name: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        let texts = try VocabularyVectorTests.vectors(of: bytes).map(\.text)
        for token in 0..<Token(vocabulary.size) where !vocabulary.isControl(token) {
            let text = String(decoding: try vocabulary.piece(of: token), as: UTF8.self)
            guard !text.contains("\u{FFFD}") else { continue }
            #expect(vocabulary.minimumTokenCount(ofUTF8Length: text.utf8.count) <= 1, "\(text)")
            #expect(vocabulary.minimumTokenCount(of: text) <= 1, "\(text)")
        }
        for text in texts {
            let count = try vocabulary.encode(text, addSpecial: false, parseSpecial: true).count
            #expect(count >= vocabulary.minimumTokenCount(of: text))
            #expect(count >= vocabulary.minimumTokenCount(ofUTF8Length: text.utf8.count))
        }
    }

    @Test("a vocabulary that loses some bytes has a bound for text without them")
    func boundWithLoss() throws {
        let vocabulary = try Fixtures.vocabulary("ggml-vocab-starcoder.gguf")
        #expect(vocabulary.minimumTokenCount(ofUTF8Length: 1 << 20) == 0)
        #expect(vocabulary.minimumTokenCount(of: String(repeating: "word ", count: 1 << 18)) > 1000)
        let lost = "\u{1}\u{2}\u{3}\u{0}"
        let tokens = try vocabulary.encode(lost, addSpecial: false, parseSpecial: false)
        #expect(tokens.count >= vocabulary.minimumTokenCount(of: lost))
    }

    @Test("bytes that no token joins count one each")
    func boundOfLines() throws {
        let vocabulary = try Fixtures.vocabulary(pieces)
        #expect(vocabulary.minimumTokenCount(of: String(repeating: "\n", count: 1 << 20)) == 1 << 20)
    }

    @Test("vocabularies that can lose any text have no bound")
    func boundIsKnown() throws {
        let known = try Fixtures.vocabulary(bytes).minimumTokenCount(ofUTF8Length: 1 << 20)
        #expect(known >= 4096)
        #expect(try Fixtures.vocabulary("ggml-vocab-llama-spm.gguf").minimumTokenCount(ofUTF8Length: 1 << 20) > 0)
        for name in ["ggml-vocab-bert-bge.gguf", "ggml-vocab-nomic-bert-moe.gguf", "ggml-vocab-phi-3.gguf"] {
            let vocabulary = try Fixtures.vocabulary(name)
            #expect(vocabulary.minimumTokenCount(ofUTF8Length: 1 << 20) == 0, "\(name)")
            #expect(vocabulary.minimumTokenCount(of: "a text of some words") == 0, "\(name)")
        }
    }
}
