import Foundation
import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing
import Tokenizer

/// The tiny models that Scripts/make-tiny-models.py makes, one for each kind of memory.
///
/// They are computed in F32, so batch shapes change so little of their logits that a seeded draw is the same in all of them.
enum TinyModel: String, CaseIterable, CustomTestStringConvertible {
    /// Recurrent memory alone.
    case mamba
    /// Recurrent and attention layers by turns.
    case jamba
    /// Sliding windows and full attention by turns.
    case gemma2

    var testDescription: String { rawValue }

    /// Whether memory can be cut: an answer may go on from any place of another's.
    var cutsSequences: Bool { self == .gemma2 }

    /// Those whose cache is made of cells that can run out.
    static let withCells: [Self] = [.jamba, .gemma2]

    private static let loaded: [Self: Result<LlamaModel, LlamaError>] = {
        LlamaRuntime.start()
        let folder = URL(filePath: #filePath).deletingLastPathComponent().path + "/Models"
        return Dictionary(
            uniqueKeysWithValues: allCases.map { model in
                let path = "\(folder)/tiny-\(model.rawValue).gguf"
                return (model, Result { () throws(LlamaError) in try LlamaModel(path: path) })
            }
        )
    }()

    var model: LlamaModel {
        get throws {
            guard let result = Self.loaded[self] else { fatalError("every case is loaded") }
            return try result.get()
        }
    }

    /// A backend with a context of its own.
    func makeBackend(
        contextLength: Int = 512,
        sequences: Int = 1,
        cacheTokens: Int? = nil,
        abort: AbortFlag = AbortFlag()
    ) throws -> LlamaBackend {
        var options = LlamaBackend.Options(contextLength: contextLength, sequences: sequences, threads: 1)
        options.keyType = .f32
        options.valueType = .f32
        options.flashAttention = .off
        options.isUnified = cacheTokens != nil
        options.cacheTokens = cacheTokens
        return try LlamaBackend(model: try model, options: options, abort: abort)
    }

    /// An engine that may save states.
    func makeEngine(
        contextLength: Int = 512,
        sequences: Int = 1,
        cacheTokens: Int? = nil,
        policy: SchedulingPolicy = Self.policy
    ) throws -> InferenceEngine {
        let abort = AbortFlag()
        let backend = try makeBackend(
            contextLength: contextLength,
            sequences: sequences,
            cacheTokens: cacheTokens,
            abort: abort
        )
        return InferenceEngine(name: "tiny-test", backend: backend, policy: policy, abort: abort)
    }

    static let policy: SchedulingPolicy = {
        var policy = SchedulingPolicy()
        policy.stateBytes = 16 << 20
        return policy
    }()

    /// The answer of an engine that has seen nothing else.
    func freshAnswer(_ generation: Generation, contextLength: Int = 512) async throws -> [Token] {
        let engine = try makeEngine(contextLength: contextLength)
        let tokens = try await LoadedModel.answer(generation, engine).tokens
        await engine.stop()
        return tokens
    }

    /// Random letters; the same for the same seed.
    static func letters(_ count: Int, seed: UInt64) -> [Token] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in Token.random(in: 259..<312, using: &random) }
    }
}

extension Generation {
    /// Drawn from the model's own distribution with a fixed seed, so that each token tells of the whole state.
    static func drawn(_ prompt: [Token], maxTokens: Int = 24) -> Self {
        Self(prompt: prompt.map(PromptItem.token), sampling: .drawn, maxTokens: maxTokens)
    }
}

extension Sampling {
    /// Temperature 1 with a fixed seed; never ends by itself.
    static var drawn: Self {
        var sampling = Self()
        sampling.seed = 11
        sampling.ignoresEnd = true
        return sampling
    }
}
