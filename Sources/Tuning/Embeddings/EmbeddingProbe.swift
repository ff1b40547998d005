internal import Foundation
internal import Llama
internal import Scheduling

/// Computes the vectors of the texts to measure with, as the server would, and how fast that goes.
///
/// Belongs to one thread. What counts is the best of the rounds: whatever disturbs a measurement only makes it slower.
final class EmbeddingProbe {
    /// Tokens in one step: as many as the server packs.
    private static let stepTokens = SchedulingPolicy().embeddingTokens
    private static let stepTexts = 64

    private let backend: LlamaBackend
    private let steps: [[EmbeddingText]]
    private let tokenCount: Int
    private var shortest: Double?
    private let threads: Int
    private var time = 0.0
    private var processorTime = 0.0
    /// Of each text, as the first round computed them.
    let vectors: [[Float]]

    /// Makes the context and computes everything once, so that nothing is measured cold; blocks.
    ///
    /// - Parameters:
    ///   - model: What is measured.
    ///   - texts: As the model reads them, each shorter than a step.
    ///   - threads: How many compute.
    /// - Throws: `LlamaError`, or `TuningError` where the model gives no vectors.
    init(model: LlamaModel, texts: [[TokenID]], threads: Int) throws {
        var options = LlamaBackend.Options(
            contextLength: Self.stepTokens,
            sequences: Self.stepTexts,
            threads: threads,
            stepTokens: Self.stepTokens
        )
        options.embeds = true
        backend = try LlamaBackend(model: model, options: options)
        self.threads = threads
        tokenCount = texts.reduce(0) { $0 + $1.count }
        var steps: [[EmbeddingText]] = [[]]
        var room = Self.stepTokens
        for (place, tokens) in texts.enumerated() {
            if tokens.count > room || steps[steps.count - 1].count == Self.stepTexts {
                steps.append([])
                room = Self.stepTokens
            }
            steps[steps.count - 1].append(EmbeddingText(request: RequestID(rawValue: 0), place: place, tokens: tokens))
            room -= tokens.count
        }
        self.steps = steps
        vectors = try Self.compute(steps, backend)
    }

    /// In the best of the rounds so far.
    var tokensPerSecond: Double { shortest.map { Double(tokenCount) / $0 } ?? 0 }

    /// Whether other programs took the cores: the threads then got less time than went by.
    var isDisturbed: Bool { processorTime < 0.8 * time * Double(threads) }

    /// Computes all texts once.
    ///
    /// - Throws: `TuningError`.
    func round() throws {
        let processorStart = clock()
        let start = ContinuousClock.now
        _ = try Self.compute(steps, backend)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        shortest = min(shortest ?? seconds, seconds)
        time += seconds
        processorTime += Double(clock() - processorStart) / Double(CLOCKS_PER_SEC)
    }

    private static func compute(_ steps: [[EmbeddingText]], _ backend: LlamaBackend) throws -> [[Float]] {
        try steps.flatMap { step in
            switch backend.run(BatchPlan(step: .embeddings(step))) {
            case .embedded(let vectors): return vectors
            case .failed(let reason): throw TuningError("the texts to measure with were not embedded: \(reason)")
            default: throw TuningError("the texts to measure with were not embedded")
            }
        }
    }
}
