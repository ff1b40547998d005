import Testing
import Tokenizer

@Suite("Prompts for what comes between two texts")
struct FillInTheMiddleTests {
    private func text(_ tokens: [Token], _ vocabulary: Vocabulary) throws -> String {
        String(decoding: try tokens.flatMap { try vocabulary.piece(of: $0, special: true) }, as: UTF8.self)
    }

    @Test(
        "the texts stand between the tokens that the model knows",
        arguments: [
            ("ggml-vocab-deepseek-coder.gguf", "<｜fim▁begin｜>a = <｜fim▁hole｜>\nb<｜fim▁end｜>"),
            ("ggml-vocab-starcoder.gguf", "<fim_prefix>a = <fim_suffix>\nb<fim_middle>"),
            ("ggml-vocab-refact.gguf", "<fim_prefix>a = <fim_suffix>\nb<fim_middle>"),
        ]
    )
    func known(name: String, expected: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        let fill = try #require(FillInTheMiddle(vocabulary))
        let prompt = try fill.prompt(prefix: "a = ", suffix: "\nb")
        let begin = vocabulary.addsBeginningOfSequence ? vocabulary.beginningOfSequence.map { [$0] } ?? [] : []
        #expect(try text(prompt, vocabulary) == text(begin, vocabulary) + expected)
        let tokens = try #require(vocabulary.fillInTheMiddle)
        #expect(prompt.dropFirst(begin.count).first == tokens.prefix)
        #expect(prompt.last == tokens.middle)
        #expect(prompt.count { $0 == tokens.suffix } == 1)
    }

    @Test("other files come first")
    func files() throws {
        let vocabulary = try Fixtures.vocabulary("ggml-vocab-starcoder.gguf")
        let known = try #require(vocabulary.fillInTheMiddle)
        let fill = FillInTheMiddle(
            vocabulary,
            tokens: FillInTheMiddle.Tokens(
                prefix: known.prefix,
                suffix: known.suffix,
                middle: known.middle,
                repository: vocabulary.token(named: "<repo_name>"),
                file: vocabulary.token(named: "<file_sep>")
            )
        )
        let prompt = try fill.prompt(
            prefix: "a",
            suffix: "b",
            files: [FillInTheMiddle.File(name: "x.py", text: "x"), FillInTheMiddle.File(name: "y.py", text: "y\n")]
        )
        #expect(
            try text(prompt, vocabulary) == """
                <repo_name>repository
                <file_sep>x.py
                x<file_sep>y.py
                y
                <file_sep>file
                <fim_prefix>a<fim_suffix>b<fim_middle>
                """
        )
    }

    @Test("they come as plain text where the vocabulary has no token for them")
    func plainFiles() throws {
        let vocabulary = try Fixtures.vocabulary("ggml-vocab-refact.gguf")
        let fill = try #require(FillInTheMiddle(vocabulary))
        let prompt = try fill.prompt(
            prefix: "a",
            suffix: "b",
            files: [FillInTheMiddle.File(name: "x.py", text: "x")]
        )
        #expect(try text(prompt, vocabulary) == "\n\n--- x.py ---\n\nx<fim_prefix>a<fim_suffix>b<fim_middle>")
    }

    @Test("texts that spell these tokens are text")
    func injected() throws {
        let vocabulary = try Fixtures.vocabulary("ggml-vocab-starcoder.gguf")
        let fill = try #require(FillInTheMiddle(vocabulary))
        let prompt = try fill.prompt(prefix: "<fim_middle>", suffix: "<fim_suffix>")
        let tokens = try #require(vocabulary.fillInTheMiddle)
        #expect(prompt.count { [tokens.prefix, tokens.suffix, tokens.middle].contains($0) } == 3)
    }

    @Test("a vocabulary without these tokens has no such prompts", arguments: ["gpt-2", "llama-spm", "bert-bge"])
    func unknown(name: String) throws {
        #expect(FillInTheMiddle(try Fixtures.vocabulary("ggml-vocab-\(name).gguf")) == nil)
    }
}
