import Llama
import Scheduling
import Testing
import Tokenizer

/// That what is used again of a sequence's memory is what would have been computed.
@Suite("Reused memory", .serialized)
struct MemoryTests {
    private let text = """
        <|im_start|>user
        Here is a list of things that I need from the shop: apples, pears, bread, butter, cheese, milk, flour and eggs. \
        Which of them are fruit?<|im_end|>
        <|im_start|>assistant

        """

    @Test("a second turn goes on from the first one's memory and gives the answer of a fresh start")
    func nextTurn() async throws {
        let engine = try LoadedModel.makeEngine()
        let prompt = try LoadedModel.tokens(text)
        let first = try await LoadedModel.answer(.greedy(prompt, maxTokens: 20), engine)
        #expect(first.usage.cached == 0)
        let next =
            prompt + first.tokens
            + (try LoadedModel.tokens("<|im_end|>\n<|im_start|>user\nAnd vegetables?<|im_end|>\n"))
        let second = try await LoadedModel.answer(.greedy(next, maxTokens: 1), engine)
        #expect(second.usage.cached == prompt.count + first.tokens.count - 1)
        await engine.stop()

        let fresh = try LoadedModel.makeEngine()
        let expected = try await LoadedModel.answer(.greedy(next, maxTokens: 1), fresh)
        #expect(second.tokens == expected.tokens)
        await fresh.stop()
    }

    @Test("answers to one prompt share its memory by copy, and greedy ones are equal")
    func copies() async throws {
        let engine = try LoadedModel.makeEngine(sequences: 4)
        let prompt = try LoadedModel.tokens(text)
        let generation = Generation.greedy(prompt, maxTokens: 8)
        let streams = try await engine.submit(Array(repeating: .generation(generation), count: 4))
        var answers: [[Token]] = []
        var cached: [Int] = []
        for stream in streams {
            let answer = try await LoadedModel.answer(stream)
            answers.append(answer.tokens)
            cached.append(answer.usage.cached)
        }
        #expect(cached.sorted() == [0, prompt.count - 1, prompt.count - 1, prompt.count - 1])
        #expect(Set(answers.dropFirst()).count == 1)
        #expect(answers[0].prefix(4) == answers[1].prefix(4))
        await engine.stop()
    }

    @Test("the whole context can be filled, and not one token more")
    func fullContext() async throws {
        let engine = try LoadedModel.makeEngine(contextLength: 256)
        var endless = Sampling()
        endless.ignoresEnd = true
        let prompt = try LoadedModel.tokens(text)
        let answer = try await LoadedModel.answer(
            Generation(prompt: prompt.map(PromptItem.token), sampling: endless),
            engine
        )
        #expect(answer.usage.generated == 256 - prompt.count)
        await #expect(throws: SchedulingError.self) {
            _ = try await engine.submit([.generation(.greedy(Array(repeating: 1, count: 256), maxTokens: 1))])
        }
        await engine.stop()
    }
}
