import CLlama
import CLlamaReference
import Foundation
import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing
import Tokenizer

@Suite("Exact probabilities", .serialized)
struct ProbabilityTests {
    /// The logarithms of the softmax, in double precision.
    private static func logarithms(_ row: [Float]) -> [Double] {
        let most = row.map(Double.init).max() ?? 0
        let sum = row.reduce(0) { $0 + exp(Double($1) - most) }
        return row.map { Double($0) - most - log(sum) }
    }

    @Test("a choice is told with the model's own probabilities, whatever is done to them before it", arguments: 0..<3)
    func choice(kind: Int) throws {
        for row in RealLogits.rows {
            let options = samplerOptions(seed: UInt32(kind + 1)) {
                $0.tells_probabilities = true
                $0.top_logprobs = 20
                if kind > 0 { $0.temperature = 0.2 }
                if kind > 1 {
                    $0.top_k = 3
                    $0.presence_penalty = 1.5
                }
            }
            let sampler = try NativeSampler(options, biases: [cl_logit_bias(token: 5, bias: 3)])
            let token = try sampler.choose(row).token
            let expected = Self.logarithms(row)
            let (chosen, entries) = sampler.told()
            #expect(abs(Double(chosen) - expected[Int(token)]) < 1e-5)
            let likeliest = row.indices.sorted { (row[$1], $0) < (row[$0], $1) }.prefix(20)
            #expect(entries.map(\.token) == likeliest.map(Int32.init))
            #expect(entries.allSatisfy { abs(Double($0.logprob) - expected[Int($0.token)]) < 1e-5 })
        }
    }

    private static let draws: [OptionsChange] = [
        { _ in },
        { $0.temperature = 0.3 },
        { $0.top_k = 3 },
        { ($0.top_k, $0.top_p, $0.min_p, $0.temperature) = (40, 0.9, 0.05, 0.8) },
        { $0.top_p = 0.5 },
        { ($0.min_p, $0.temperature) = (0.1, 1.5) },
    ]

    @Test("or with what it was drawn by: llama.cpp's own probabilities, behind all samplers", arguments: draws.indices)
    func drawn(kind: Int) throws {
        let biases = [cl_logit_bias(token: 5, bias: 3)]
        for row in RealLogits.rows {
            let options = samplerOptions(seed: 7) {
                ($0.tells_probabilities, $0.tells_drawn, $0.top_logprobs) = (true, true, 50)
                Self.draws[kind](&$0)
            }
            let sampler = try NativeSampler(options, biases: biases)
            let token = try sampler.choose(row).token
            let expected = try ReferenceChain(options, biases: biases).probabilities(row)
            let (chosen, entries) = sampler.told()
            #expect(abs(exp(chosen) - expected[Int(token)]) < 1e-4)
            #expect(entries.count == min(50, expected.count { $0 > 0 }))
            #expect(entries.allSatisfy { abs(exp($0.logprob) - expected[Int($0.token)]) < 1e-4 })
            #expect(entries.map(\.logprob) == entries.map(\.logprob).sorted(by: >))
        }
    }

    @Test(
        "what a grammar refuses is not told, even where the choice was of the grammar by itself",
        arguments: draws.indices
    )
    func drawnOfGrammar(kind: Int) throws {
        let grammar = try NativeGrammar.make("root ::= [a-zA-Z ]+").get()
        let allowed = try #require(grammar.allowed())
        for row in RealLogits.rows {
            var options = samplerOptions(seed: 7) {
                ($0.tells_probabilities, $0.tells_drawn, $0.top_logprobs) = (true, true, 50)
                Self.draws[kind](&$0)
            }
            options.grammar = grammar.handle
            let sampler = try NativeSampler(options)
            let token = try sampler.choose(row).token
            let (chosen, entries) = sampler.told()
            let masked = row.indices.map { allowed[$0] ? row[$0] : -.infinity }
            let expected = try ReferenceChain(options, biases: []).probabilities(masked)
            #expect(abs(exp(chosen) - expected[Int(token)]) < 1e-4)
            #expect(
                entries.allSatisfy { allowed[Int($0.token)] && abs(exp($0.logprob) - expected[Int($0.token)]) < 1e-4 }
            )
        }
    }

    @Test("a prompt is told with what llama.cpp's own computation gives, across chunks and beside others")
    func prompt() async throws {
        let text = String(repeating: "The market opens at seven in the morning, and there is bread. ", count: 8)
        let tokens = try LoadedModel.tokens(text)
        var logits = [Float](repeating: 0, count: tokens.count * RealLogits.size)
        let rows = reference_logits(
            InstalledModels.chat,
            text,
            1,
            Int32(tokens.count),
            RealLogits.size,
            &logits
        )
        try #require(Int(rows) == tokens.count)
        let engine = try LoadedModel.makeEngine(sequences: 3)
        let scored = Generation(
            prompt: tokens.map(PromptItem.token),
            maxTokens: 0,
            scoring: PromptScoring(top: 5)
        )
        let streams = try await engine.submit([
            .generation(.greedy([1, 2, 3], maxTokens: 30)), .generation(scored), .generation(scored),
        ])
        for stream in streams.dropFirst() {
            var told: [ScoredToken] = []
            for await event in stream.events {
                switch event {
                case .scored(let more): told += more
                case .finished(_, let usage): #expect(usage.generated == 0)
                case .failed(let error): throw error
                default: break
                }
            }
            #expect(told.map(\.token) == Array(tokens.dropFirst()))
            for (place, entry) in told.enumerated() {
                let row = Array(logits[place * RealLogits.size..<(place + 1) * RealLogits.size])
                let expected = Self.logarithms(row)
                // Kernels differ with the shape of a batch.
                #expect(abs(Double(entry.probabilities.chosen) - expected[Int(entry.token)]) < 0.35, "\(place)")
                #expect(entry.probabilities.top.count == 5)
                let most = expected.max() ?? 0
                #expect(abs(Double(entry.probabilities.top[0].logprob) - most) < 0.35)
            }
            let mean = { (values: [Double]) in values.reduce(0, +) / Double(values.count) }
            let distance = mean(
                told.enumerated().map { place, entry in
                    let row = Array(logits[place * RealLogits.size..<(place + 1) * RealLogits.size])
                    return abs(Double(entry.probabilities.chosen) - Self.logarithms(row)[Int(entry.token)])
                }
            )
            #expect(distance < 0.05, "\(distance)")
        }
        await engine.stop()
    }
}

@Suite("llama.cpp's chain of samplers")
struct SamplerChainTests {
    private func chain(_ change: (inout SamplerChain) -> Void) -> SamplerChain {
        var chain = SamplerChain()
        change(&chain)
        return chain
    }

    private func answer(_ chain: SamplerChain?, temperature: Float = 1, seed: UInt32 = 3) async throws -> [Token] {
        let engine = try LoadedModel.makeEngine()
        var sampling = Sampling()
        sampling.seed = seed
        sampling.temperature = temperature
        sampling.chain = chain
        let prompt = try LoadedModel.tokens("My favourite animal is the dog, the dog, the dog, the").map(
            PromptItem.token
        )
        let generation = Generation(prompt: prompt, sampling: sampling, maxTokens: 20)
        let tokens = try await LoadedModel.answer(generation, engine).tokens
        await engine.stop()
        return tokens
    }

    @Test("narrow samplers choose the likeliest token; the same seed gives the same answer")
    func narrow() async throws {
        let greedy = try await answer(nil, temperature: 0)
        #expect(try await answer(chain { $0.typicalP = 0.9 }, temperature: 0) == greedy)
        #expect(try await answer(chain { $0.topNSigma = 0.0001 }) == greedy)
        #expect(try await answer(chain { ($0.stages, $0.topNSigma) = ([.topNSigma, .temperature], 0.0001) }) == greedy)
        for chain in [chain { $0.mirostat = 1 }, chain { $0.mirostat = 2 }, chain { $0.xtcProbability = 1 }] {
            let first = try await answer(chain)
            #expect(try await answer(chain) == first)
            #expect(try await answer(chain, seed: 4) != first)
        }
    }

    @Test("repetition penalty and DRY keep what the prompt repeats from going on")
    func repetition() async throws {
        let greedy = try await answer(nil, temperature: 0)
        let history = try LoadedModel.tokens("My favourite animal is the dog, the dog, the dog, the")
        let repeated = try #require(greedy.first)
        let penalized = try await answer(
            chain {
                $0.repeatPenalty = 10
                $0.history = history
            },
            temperature: 0
        )
        let other = try #require(penalized.first)
        #expect(other != repeated && !history.contains(other))
        let dry = try await answer(
            chain {
                $0.dryMultiplier = 50
                $0.dryLastCount = 512
                $0.dryBreakers = ["\n"]
                $0.history = history
            },
            temperature: 0
        )
        #expect(dry.first != repeated)
    }

    @Test("what a token was drawn by is told with them too, and that of the token that ends an answer")
    func drawn() async throws {
        let engine = try LoadedModel.makeEngine()
        let text = "My favourite animal is the dog, the dog, the dog, the"
        let prompt = try LoadedModel.tokens(text).map(PromptItem.token)
        var sampling = Sampling()
        (sampling.logprobs, sampling.tellsDrawn, sampling.grammar) = (20, true, nil)
        for chain in [chain { $0.typicalP = 0.5 }, chain { $0.mirostat = 2 }, chain { $0.topNSigma = 1 }] {
            sampling.chain = chain
            for await event in try await engine.submit([
                .generation(Generation(prompt: prompt, sampling: sampling, maxTokens: 5))
            ])[0].events {
                guard case .token(_, let told) = event else { continue }
                let probabilities = try #require(told)
                #expect(probabilities.chosen > -.infinity && probabilities.chosen <= 0)
                let sum = probabilities.top.reduce(0) { $0 + exp($1.logprob) }
                #expect(probabilities.top.count < 20 ? abs(sum - 1) < 1e-3 : sum <= 1.001, "\(sum)")
            }
        }
        (sampling.chain, sampling.grammar) = (nil, Grammar(rules: "root ::= \"yes\""))
        var end: ScoredToken?
        for await event in try await engine.submit([.generation(Generation(prompt: prompt, sampling: sampling))])[0]
            .events
        {
            if case .end(let token) = event { end = token }
        }
        // Behind the whole text, the grammar leaves nothing but an end.
        #expect(abs(try #require(end?.probabilities.top.first).logprob) <= 1)
        await engine.stop()
    }

    @Test("a grammar holds with them too")
    func grammar() async throws {
        let engine = try LoadedModel.makeEngine()
        for chain in [chain { $0.mirostat = 1 }, chain { $0.mirostat = 2 }, chain { $0.typicalP = 0.5 }] {
            var sampling = Sampling()
            sampling.chain = chain
            sampling.grammar = Grammar(rules: "root ::= \"yes\" | \"no\" [0-9]{3}")
            let prompt = try LoadedModel.tokens("Is it?").map(PromptItem.token)
            let generation = Generation(prompt: prompt, sampling: sampling, maxTokens: 10)
            let tokens = try await LoadedModel.answer(generation, engine).tokens
            let text = try LoadedModel.shared.get().makeVocabulary().decode(tokens)
            #expect(text.wholeMatch(of: /yes|no[0-9]{3}/) != nil, "\(text)")
        }
        await engine.stop()
    }
}
