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
