internal import Foundation
package import Llama
package import Scheduling

/// How far a model's output is from that of the original file.
package struct Distance: Sendable, Codable, Equatable {
    package let perplexity: Double
    /// The mean Kullback-Leibler divergence from the original's distributions, in nats.
    package let meanKL: Double
}

/// Measures perplexity and divergence on a text, in the manner of llama.cpp's llama-perplexity.
///
/// The text is cut into chunks of 512 tokens, each computed by itself, of which the second half is scored: every token
/// there has at least 256 before it.
package struct DistanceMeter {
    package static let chunkLength = 512
    private static let first = chunkLength / 2

    private let chunks: [[TokenID]]
    private let vocabularySize: Int
    /// The original's distributions at the scored places, chunk after chunk.
    private var references: [ReferenceDistribution] = []
    /// Of the original, on all chunks.
    package private(set) var perplexity = 0.0

    /// Computes the original's distributions; blocks.
    ///
    /// - Parameters:
    ///   - original: The model that others are compared with.
    ///   - settings: How it is computed.
    ///   - text: What is scored; its tokens follow each other, without a beginning-of-sequence token.
    ///   - beginning: The token that each chunk begins with, in place of its own first one; nil for none.
    ///   - vocabularySize: The number of the model's tokens.
    ///   - chunkCount: How many chunks to score, given the time that the first one took; at least one is.
    /// - Throws: `LlamaError`.
    package init(
        original: LlamaModel,
        settings: Settings,
        text: [TokenID],
        beginning: TokenID?,
        vocabularySize: Int,
        chunkCount: (Duration) -> Int
    ) throws(LlamaError) {
        self.vocabularySize = vocabularySize
        let available = stride(from: 0, through: text.count - Self.chunkLength, by: Self.chunkLength).map { start in
            var chunk = Array(text[start..<start + Self.chunkLength])
            if let beginning { chunk[0] = beginning }
            return chunk
        }
        var used: [[TokenID]] = []
        var wanted = 1
        var loss = 0.0
        let evaluator = try Self.makeEvaluator(original, settings, vocabularySize)
        while used.count < min(wanted, available.count) {
            let chunk = available[used.count]
            let start = ContinuousClock.now
            var references: [ReferenceDistribution] = []
            loss += try Self.score(chunk, evaluator) { references.append(ReferenceDistribution(logits: $0)) }
            self.references += references
            used.append(chunk)
            if used.count == 1 { wanted = max(1, chunkCount(.now - start)) }
        }
        chunks = used
        perplexity = exp(loss / Double(max(1, references.count)))
    }

    /// How many chunks are scored.
    package var chunkCount: Int { chunks.count }

    /// Compares a model with the original; blocks.
    ///
    /// - Throws: `LlamaError`.
    package func distance(of model: LlamaModel, settings: Settings) throws(LlamaError) -> Distance {
        let evaluator = try Self.makeEvaluator(model, settings, vocabularySize)
        var loss = 0.0
        var divergence = 0.0
        var place = 0
        for chunk in chunks {
            loss += try Self.score(chunk, evaluator) { logits in
                divergence += references[place].divergence(of: logits)
                place += 1
            }
        }
        let count = Double(max(1, place))
        return Distance(perplexity: exp(loss / count), meanKL: max(0, divergence / count))
    }

    private static func makeEvaluator(
        _ model: LlamaModel,
        _ settings: Settings,
        _ vocabularySize: Int
    ) throws(LlamaError) -> LlamaEvaluator {
        var options = LlamaBackend.Options(contextLength: chunkLength, sequences: 1, threads: settings.threads)
        settings.apply(to: &options)
        return try LlamaEvaluator(model: model, options: options, vocabularySize: vocabularySize)
    }

    /// Computes a chunk, shows the logits at each scored place, and gives the sum of the negative log-likelihoods of
    /// the tokens behind them.
    private static func score(
        _ chunk: [TokenID],
        _ evaluator: LlamaEvaluator,
        _ body: (Span<Float>) -> Void
    ) throws(LlamaError) -> Double {
        let sequence = SequenceID(rawValue: 0)
        try evaluator.clear(sequence)
        // The last token predicts what lies outside the chunk.
        let places = first..<chunk.count - 1
        try evaluator.compute(
            chunk.enumerated().map { position, token in
                LlamaEvaluator.Input(
                    token,
                    position: position,
                    sequence: sequence,
                    wantsLogits: places.contains(position)
                )
            }
        )
        var loss = 0.0
        for place in places {
            loss += try evaluator.withLogits(at: place) { logits in
                body(logits)
                return Double(logSumExp(logits) - logits[Int(chunk[place + 1])])
            }
        }
        return loss
    }
}
