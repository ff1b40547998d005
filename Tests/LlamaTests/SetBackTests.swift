import Llama
import Scheduling
import Testing
import Tokenizer

/// Requests that give way and go on, and memory that comes back, with the real thing underneath.
@Suite("Saved states", .serialized)
struct SetBackTests {
    private static let long = String(
        repeating: "The harbour was quiet that morning, and the boats lay still upon the water. ",
        count: 8
    )

    /// Greedy answers part where two logits tie in different batch shapes; the beginning is sure.
    private func expectAlike(_ left: [Token], _ right: [Token]) {
        #expect(left.prefix(6) == right.prefix(6))
        #expect(left.count == right.count)
    }

    @Test("requests that do not fit into the cache together give way, go on, and answer as alone")
    func cacheRunsOut() async throws {
        // Counting goes on in one way only, so that no two logits tie at the beginning of an answer.
        let prompts = try ["Boats", "Fish", "Gulls"].map {
            try LoadedModel.tokens($0 + ": " + Self.long + "\n1, 2, 3, 4, 5, 6, 7, 8, 9, 10,")
        }
        var sampling = Sampling()
        sampling.temperature = 0
        sampling.ignoresEnd = true
        let generations = prompts.map {
            Generation(prompt: $0.map(PromptItem.token), sampling: sampling, maxTokens: 60)
        }
        let alone = try LoadedModel.makeEngine()
        var expected: [[Token]] = []
        for generation in generations { expected.append(try await LoadedModel.answer(generation, alone).tokens) }
        await alone.stop()

        // Each needs some 230 cells; there are 512 for all three. Prompts come whole, so that all three are there before one ends.
        var policy = SchedulingPolicy()
        (policy.firstChunk, policy.smallestChunk) = (512, 512)
        let engine = try LoadedModel.makeEngine(sequences: 3, policy: policy, cacheTokens: 512)
        #expect(engine.limits.cacheTokens == 512)
        let streams = try await engine.submit(generations.map(Work.generation))
        for (stream, tokens) in zip(streams, expected) {
            expectAlike(try await LoadedModel.answer(stream).tokens, tokens)
        }
        #expect(await engine.setBacks > 0)
        await engine.stop()
    }

    @Test("a conversation whose sequence another needed is found again")
    func rescued() async throws {
        var policy = SchedulingPolicy()
        policy.stateBytes = 64 << 20
        let engine = try LoadedModel.makeEngine(policy: policy)
        let prompt = try LoadedModel.tokens(Self.long)
        let first = try await LoadedModel.answer(.greedy(prompt, maxTokens: 10), engine)
        _ = try await LoadedModel.answer(.greedy(try LoadedModel.tokens("Something else"), maxTokens: 4), engine)
        let again = try await LoadedModel.answer(.greedy(prompt, maxTokens: 10), engine)
        #expect(again.usage.cached == prompt.count - 1)
        expectAlike(again.tokens, first.tokens)
        await engine.stop()
    }

    @Test("guesses do not change a greedy answer, save where two logits tie, and some are right")
    func speculation() async throws {
        let text = "Repeat after me.\n" + String(repeating: "one two three four five six seven\n", count: 6)
        let prompt = try LoadedModel.tokens(text)
        let plain = try LoadedModel.makeEngine()
        let expected = try await LoadedModel.answer(.greedy(prompt, maxTokens: 60), plain)
        await plain.stop()

        var policy = SchedulingPolicy()
        policy.maxDrafts = 6
        policy.maxGap = .seconds(10)
        let engine = try LoadedModel.makeEngine(policy: policy)
        let answer = try await LoadedModel.answer(.greedy(prompt, maxTokens: 60), engine)
        expectAlike(answer.tokens, expected.tokens)
        #expect(answer.usage.accepted > 0)
        #expect(answer.usage.accepted <= answer.usage.drafted)
        await engine.stop()
    }

    @Test("with fixed chunks an answer is the same to the last bit, whoever else is there")
    func deterministic() async throws {
        var policy = SchedulingPolicy()
        policy.fixedChunk = 32
        policy.stateBytes = 64 << 20
        let prompt = try LoadedModel.tokens(Self.long)
        var sampling = Sampling()
        sampling.temperature = 1.5
        sampling.seed = 7
        let generation = Generation(prompt: prompt.map(PromptItem.token), sampling: sampling, maxTokens: 80)
        let alone = try LoadedModel.makeEngine(policy: policy)
        let expected = try await LoadedModel.answer(generation, alone).tokens
        await alone.stop()

        let engine = try LoadedModel.makeEngine(sequences: 3, policy: policy)
        // Others that begin alike, some before it and some with it.
        let begun = Array(prompt.prefix(75)) + (try LoadedModel.tokens(" and then"))
        _ = try await LoadedModel.answer(.greedy(begun, maxTokens: 20), engine)
        let streams = try await engine.submit([
            .generation(.greedy(begun, maxTokens: 90)), .generation(generation),
            .generation(.greedy(try LoadedModel.tokens("Fish"), maxTokens: 90)),
        ])
        var answers: [[Token]] = []
        for stream in streams { answers.append(try await LoadedModel.answer(stream).tokens) }
        #expect(answers[1] == expected)
        await engine.stop()
    }
}
