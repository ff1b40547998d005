import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Tokenizer

/// The default chat model, loaded once for all tests.
enum LoadedModel {
    static let shared: Result<LlamaModel, LlamaError> = {
        LlamaRuntime.start()
        return Result { () throws(LlamaError) in try LlamaModel(path: InstalledModels.chat) }
    }()

    /// An engine over a context of its own.
    ///
    /// One thread: suites run side by side, and threads that wait for each other do badly where others want the cores.
    static func makeEngine(
        contextLength: Int = 512,
        sequences: Int = 1,
        policy: SchedulingPolicy = SchedulingPolicy(),
        cacheTokens: Int? = nil
    ) throws -> InferenceEngine {
        var options = LlamaBackend.Options(contextLength: contextLength, sequences: sequences, threads: 1)
        options.isUnified = cacheTokens != nil
        options.cacheTokens = cacheTokens
        let backend = try LlamaBackend(model: try shared.get(), options: options)
        return InferenceEngine(name: "llama-test", backend: backend, policy: policy)
    }

    static func tokens(_ text: String) throws -> [Token] {
        try shared.get().makeVocabulary().encode(text, addSpecial: true, parseSpecial: true)
    }

    /// All tokens of a generation.
    static func answer(_ generation: Generation, _ engine: InferenceEngine) async throws -> (
        tokens: [Token], usage: TokenUsage
    ) {
        try await answer(try await engine.submit([.generation(generation)])[0])
    }

    static func answer(_ stream: RequestStream) async throws -> (tokens: [Token], usage: TokenUsage) {
        var tokens: [Token] = []
        for await event in stream.events {
            switch event {
            case .token(let token, _): tokens.append(token)
            case .finished(_, let usage): return (tokens, usage)
            case .failed(let error): throw error
            case .progress, .started, .scored, .end, .embedding: break
            }
        }
        throw SchedulingError(.stopping, "the stream ended without a closing event")
    }
}

extension Generation {
    static func greedy(_ prompt: [Token], maxTokens: Int) -> Self {
        var sampling = Sampling()
        sampling.temperature = 0
        return Self(prompt: prompt.map(PromptItem.token), sampling: sampling, maxTokens: maxTokens)
    }
}
