import CLlamaReference
import Llama
import Scheduling
import TestSupport
import Testing
import Tokenizer

/// The engine against llama.cpp's own simple loop on the same file: whole prompt in one batch, then a token at a time.
@Suite("Greedy answers", .serialized)
struct GreedyTests {
    private static let prompts = [
        "The capital of France is",
        "<|im_start|>user\nHow do I boil an egg?<|im_end|>\n<|im_start|>assistant\n",
        "def fibonacci(n):\n",
        "Once upon a time, in a village by the sea,",
        "1, 2, 3, 4, 5,",
        "<|im_start|>user\nWhy is the sky blue?<|im_end|>\n<|im_start|>assistant\n",
        "Das Wetter heute ist",
        "The three laws of thermodynamics are: first,",
    ]
    private static let length = 48

    private struct Reference {
        let tokens: [Token]
        /// The distance between the two highest logits at each token.
        let margins: [Float]
    }

    private func reference(_ prompt: String) throws -> Reference {
        var tokens = [Int32](repeating: 0, count: Self.length)
        var margins = [Float](repeating: 0, count: Self.length)
        let count = reference_greedy(InstalledModels.chat, prompt, 1, Int32(Self.length), &tokens, &margins)
        try #require(count >= 0, "the reference loop failed with \(count)")
        return Reference(tokens: Array(tokens.prefix(Int(count))), margins: Array(margins.prefix(Int(count))))
    }

    @Test("one request alone gives exactly llama.cpp's tokens", arguments: prompts)
    func alone(prompt: String) async throws {
        let expected = try reference(prompt)
        let engine = try LoadedModel.makeEngine()
        let answer = try await LoadedModel.answer(
            .greedy(try LoadedModel.tokens(prompt), maxTokens: Self.length),
            engine
        )
        #expect(answer.tokens == expected.tokens)
        await engine.stop()
    }

    /// Where batching is not exact: ggml may multiply a batch of one and a batch of many with different kernels, so
    /// logits may differ in their last bits; docs/benchmarks.md says how much they do.
    ///
    /// Greedy answers may part only where the two best logits lie closer than that: measured here, they parted at 0.02
    /// to 0.2; a wrong position or a token of another sequence moves logits by whole units.
    @Test("eight requests in one batch give llama.cpp's tokens, save where two logits tie")
    func batched() async throws {
        let engine = try LoadedModel.makeEngine(sequences: 8)
        let streams = try await engine.submit(
            try Self.prompts.map { .generation(.greedy(try LoadedModel.tokens($0), maxTokens: Self.length)) }
        )
        for (prompt, stream) in zip(Self.prompts, streams) {
            let expected = try reference(prompt)
            let answer = try await LoadedModel.answer(stream).tokens
            let same = zip(answer, expected.tokens).prefix { $0 == $1 }.count
            guard same < max(answer.count, expected.tokens.count) else { continue }
            // An answer that ends early parted from the reference at its end.
            let margin = expected.margins.indices.contains(same) ? expected.margins[same] : 0
            #expect(margin < 0.5, "\(prompt): parted at token \(same), where the margin is \(margin)")
        }
        await engine.stop()
    }

    @Test("a prompt in many chunks, beside a running stream, gives llama.cpp's tokens, save where two logits tie")
    func chunked() async throws {
        var policy = SchedulingPolicy()
        policy.maxGap = .zero
        policy.smallestChunk = 7
        policy.firstChunk = 7
        let engine = try LoadedModel.makeEngine(sequences: 2, policy: policy)
        var endless = Sampling()
        endless.ignoresEnd = true
        let prompt = Self.prompts[5]
        let other = try await engine.submit([
            .generation(Generation(prompt: [.token(1)], sampling: endless, maxTokens: 400))
        ])[0]
        let reader = Task { try await LoadedModel.answer(other) }
        let answer = try await LoadedModel.answer(
            .greedy(try LoadedModel.tokens(prompt), maxTokens: Self.length),
            engine
        )
        let expected = try reference(prompt)
        let same = zip(answer.tokens, expected.tokens).prefix { $0 == $1 }.count
        if same < expected.tokens.count {
            #expect(
                expected.margins[same] < 0.5,
                "parted at token \(same), where the margin is \(expected.margins[same])"
            )
        }
        #expect(try await reader.value.tokens.count == 400)
        await engine.stop()
    }
}
