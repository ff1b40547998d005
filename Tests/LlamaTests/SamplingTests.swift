import Llama
import Scheduling
import Testing
import Tokenizer

@Suite("Sampling", .serialized)
struct SamplingTests {
    private func sampled(_ count: Int = 24, _ change: (inout Sampling) -> Void) async throws -> [Token] {
        let engine = try LoadedModel.makeEngine()
        var sampling = Sampling()
        sampling.seed = 7
        change(&sampling)
        let prompt = try LoadedModel.tokens("My favourite animal is").map(PromptItem.token)
        let answer = try await LoadedModel.answer(
            Generation(prompt: prompt, sampling: sampling, maxTokens: count),
            engine
        )
        await engine.stop()
        return answer.tokens
    }

    @Test("the same seed gives the same answer, another seed another")
    func seed() async throws {
        let first = try await sampled { _ in }
        #expect(try await sampled { _ in } == first)
        #expect(try await sampled { $0.seed = 8 } != first)
    }

    @Test("top-k 1, top-p 0 and temperature 0 all choose the likeliest token")
    func narrow() async throws {
        let greedy = try await sampled { $0.temperature = 0 }
        #expect(try await sampled { $0.topK = 1 } == greedy)
        #expect(try await sampled { $0.topP = 0 } == greedy)
        #expect(try await sampled { $0.minP = 1 } == greedy)
    }

    @Test("a bias of 100 forces a token, one of -100 keeps it out")
    func bias() async throws {
        let forced = try await sampled(5) { $0.logitBias = [.init(token: 42, bias: 100)] }
        #expect(forced == [42, 42, 42, 42, 42])
        let greedy = try await sampled { $0.temperature = 0 }
        let banned = try #require(greedy.first)
        let without = try await sampled {
            $0.temperature = 0
            $0.logitBias = [.init(token: banned, bias: -100)]
        }
        #expect(!without.contains(banned))
    }

    @Test("a high presence or frequency penalty keeps tokens from coming again", arguments: [true, false])
    func penalty(isPresence: Bool) async throws {
        let penalized = try await sampled(40) {
            $0.temperature = 0
            if isPresence { $0.presencePenalty = 100 } else { $0.frequencyPenalty = 100 }
        }
        #expect(Set(penalized).count == penalized.count)
    }

    @Test("a temperature too small for the arithmetic chooses the likeliest token")
    func tinyTemperature() async throws {
        let greedy = try await sampled { $0.temperature = 0 }
        #expect(try await sampled { $0.temperature = .leastNonzeroMagnitude } == greedy)
    }

    @Test("a bias on a token that does not exist fails its request, and later ones are served")
    func unknownToken() async throws {
        let engine = try LoadedModel.makeEngine(sequences: 2)
        var sampling = Sampling()
        sampling.logitBias = [.init(token: 10_000_000, bias: 1)]
        let prompt = try LoadedModel.tokens("Hello").map(PromptItem.token)
        await #expect(throws: SchedulingError.self) {
            _ = try await LoadedModel.answer(Generation(prompt: prompt, sampling: sampling, maxTokens: 2), engine)
        }
        #expect(try await LoadedModel.answer(.greedy([1, 2], maxTokens: 2), engine).tokens.count == 2)
        await engine.stop()
    }
}

@Suite("Constrained sampling", .serialized)
struct ConstrainedSamplingTests {
    private func generation(_ grammar: Grammar?, seed: UInt32 = 1, maxTokens: Int = 60) throws -> Generation {
        var sampling = Sampling()
        sampling.seed = seed
        sampling.grammar = grammar
        let prompt = try LoadedModel.tokens("A person as JSON: ").map(PromptItem.token)
        return Generation(prompt: prompt, sampling: sampling, maxTokens: maxTokens)
    }

    private func text(_ tokens: [Token]) throws -> String {
        try LoadedModel.shared.get().makeVocabulary().decode(tokens, special: true)
    }

    private static let rules = #"root ::= "{\"name\": \"" [A-Z] [a-z]{1,8} "\", \"age\": " [1-9] [0-9]? "}""#

    @Test("every answer is of the grammar, and ends where it ends, drafts or not", arguments: [0, 6])
    func holds(drafts: Int) async throws {
        var policy = SchedulingPolicy()
        policy.maxDrafts = drafts
        let engine = try LoadedModel.makeEngine(sequences: 4, policy: policy)
        let works = try (0..<12).map { Work.generation(try generation(Grammar(rules: Self.rules), seed: UInt32($0))) }
        var answers: Set<String> = []
        for stream in try await engine.submit(works) {
            let answer = try text(try await LoadedModel.answer(stream).tokens)
            #expect(answer.wholeMatch(of: /\{"name": "[A-Z][a-z]{1,8}", "age": [1-9][0-9]?\}/) != nil, "\(answer)")
            answers.insert(answer)
        }
        #expect(answers.count > 6)
        await engine.stop()
    }

    @Test("an answer that is set back goes on with its grammar where it was")
    func setBack() async throws {
        let rules = #"root ::= ([a-z]{3} " " [0-9]{3} " "){12}"#
        let grammar = Grammar(rules: rules)
        let alone = try LoadedModel.makeEngine()
        let expected = try await LoadedModel.answer(try generation(grammar, maxTokens: 120), alone).tokens
        await alone.stop()
        var policy = SchedulingPolicy()
        policy.batchSteps = 2
        let engine = try LoadedModel.makeEngine(policy: policy)
        var tokens: [Token] = []
        // Whoever comes late finds it at its end, on a busy machine: then it is asked once more.
        while await engine.setBacks == 0 {
            let work = Work.generation(try generation(grammar, maxTokens: 120))
            let batch = try await engine.submit([work], priority: .batch)[0]
            async let answer = LoadedModel.answer(batch).tokens
            _ = try await LoadedModel.answer(.greedy([1, 2, 3], maxTokens: 2), engine)
            tokens = try await answer
        }
        #expect(try text(tokens).wholeMatch(of: /([a-z]{3} [0-9]{3} ){12}/) != nil)
        #expect(try text(expected).wholeMatch(of: /([a-z]{3} [0-9]{3} ){12}/) != nil)
        await engine.stop()
    }

    @Test("a lazy grammar leaves the answer free until its trigger comes up")
    func lazy() async throws {
        let engine = try LoadedModel.makeEngine()
        // Both after the same prompt in memory, so that the same is computed in the same shapes.
        _ = try await LoadedModel.answer(try generation(nil), engine)
        let free = try await LoadedModel.answer(try generation(nil), engine).tokens
        var grammar = Grammar(rules: #"root ::= "xyz" [0-9]+ "#)
        grammar.isLazy = true
        grammar.triggers = [.init(kind: .word, value: "xyz")]
        #expect(try await LoadedModel.answer(try generation(grammar), engine).tokens == free)
        // Forces the trigger, and what follows it is of the grammar.
        let word = try LoadedModel.tokens("xyz")
        let last = try #require(word.last)
        grammar = Grammar(rules: "root ::= \(word.map { "<[\($0)]>" }.joined(separator: " ")) [0-9]{5}")
        grammar.isLazy = true
        grammar.triggers = [.init(kind: .token, value: "", token: word.first)]
        var forced = try generation(grammar, maxTokens: 30).sampling
        forced.logitBias = [.init(token: try #require(word.first), bias: 50), .init(token: last, bias: 40)]
        let prompt = try LoadedModel.tokens("Say: ").map(PromptItem.token)
        let answer = try text(
            try await LoadedModel.answer(Generation(prompt: prompt, sampling: forced, maxTokens: 30), engine).tokens
        )
        #expect(answer.wholeMatch(of: /xyz[0-9]{5}/) != nil, "\(answer)")
        await engine.stop()
    }

    @Test("what the prompt ends with is passed before the first token")
    func opening() async throws {
        let engine = try LoadedModel.makeEngine()
        var grammar = Grammar(rules: #"root ::= "{\"a\": " [0-9]{2} "}""#)
        grammar.opening = "{\"a\": 4"
        let answer = try text(try await LoadedModel.answer(try generation(grammar), engine).tokens)
        #expect(answer.wholeMatch(of: /[0-9]\}/) != nil, "\(answer)")
        await engine.stop()
    }

    @Test("control tokens are none of an answer's text unless they are preserved")
    func controlTokens() throws {
        let model = try LoadedModel.shared.get()
        let vocabulary = try model.makeVocabulary()
        let name = "<|im_start|>"
        let token = try #require(vocabulary.token(named: name))
        for preserves in [false, true] {
            var grammar = Grammar(rules: #"root ::= "\#(name)a""#)
            grammar.preservedTokens = preserves ? [token] : []
            var sampling = Sampling()
            sampling.grammar = grammar
            try model.prepare(sampling)
        }
        var bad = Sampling()
        bad.grammar = Grammar(rules: "root ::= ")
        try model.prepare(bad)
        bad.grammar = Grammar(rules: "root ::= nothing")
        #expect(throws: LlamaError.self) { try model.prepare(bad) }
    }
}
