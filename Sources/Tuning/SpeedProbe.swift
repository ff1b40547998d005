internal import Foundation
package import Llama
package import Scheduling

/// Measures how fast one model computes with some settings, in rounds that alternate with those of another.
///
/// Belongs to one thread. What counts is the best round of a prompt, and the best single step of decoding: whatever
/// disturbs a measurement only makes it slower, and with one thread waiting for another even a short disturbance makes
/// it much slower.
package final class SpeedProbe {
    /// What a probe's context holds.
    static let sequences = 16
    static let promptLength = 512
    /// How much context each sequence has while decoding is measured.
    private static let depth = 128

    /// A machine that is busy or slow gets fewer steps.
    private static let longestDecode = Duration.milliseconds(600)

    private let evaluator: LlamaEvaluator
    private let tokens: [TokenID]
    private let depth: Int
    private var best: Speeds?
    private let threads: Int
    /// What prompts took, in seconds, and what all threads computed meanwhile.
    private var time = 0.0
    private var processorTime = 0.0

    /// Makes the context and computes everything once, so that nothing is measured cold; blocks.
    ///
    /// - Parameters:
    ///   - model: What is measured.
    ///   - settings: How it is computed.
    ///   - tokens: At least `promptLength` tokens of ordinary text.
    ///   - vocabularySize: The number of the model's tokens.
    /// - Throws: `LlamaError`.
    package init(
        model: LlamaModel,
        settings: Settings,
        tokens: [TokenID],
        vocabularySize: Int
    ) throws(LlamaError) {
        var options = LlamaBackend.Options(
            contextLength: Self.promptLength,
            sequences: Self.sequences,
            threads: settings.threads,
            stepTokens: Self.promptLength
        )
        settings.apply(to: &options)
        evaluator = try LlamaEvaluator(model: model, options: options, vocabularySize: vocabularySize)
        self.tokens = tokens
        threads = settings.batchThreads
        // Recurrent memory cannot go back to a depth: it is measured from the beginning each time.
        depth = evaluator.cutsSequences ? Self.depth : 0
        if depth > 0 { try fill(areShared: !settings.isUnified) }
        _ = try decode(Self.sequences, steps: 1)
    }

    /// The best of the rounds so far.
    package var speeds: Speeds { best ?? Speeds(prompt: 0, decode1: 0, decode4: 0, decode16: 0) }

    /// Measures everything once.
    ///
    /// - Throws: `LlamaError`.
    package func round() throws(LlamaError) {
        let speeds = Speeds(
            prompt: try prompt(),
            decode1: try decode(1, steps: 24),
            decode4: try decode(4, steps: 12),
            decode16: try decode(Self.sequences, steps: 6)
        )
        best = best?.best(speeds) ?? speeds
    }

    /// Whether other programs took the cores: the threads then got less time than went by.
    package var isDisturbed: Bool { processorTime < 0.8 * time * Double(threads) }

    /// Begins the rounds anew.
    package func forget() {
        best = nil
        time = 0
        processorTime = 0
    }

    /// Gives every sequence its context.
    ///
    /// - Parameter areShared: Whether to copy it. In a unified cache copies would be the same cells, and attention
    ///   would look at fewer than with strangers: there each sequence is computed.
    /// - Throws: `LlamaError`.
    private func fill(areShared: Bool) throws(LlamaError) {
        for number in 0..<Self.sequences {
            let sequence = SequenceID(rawValue: Int32(number))
            if areShared, number > 0 {
                try evaluator.copy(from: SequenceID(rawValue: 0), to: sequence, upTo: depth)
            } else {
                try evaluator.compute(batch(sequence, tokens[0..<depth]))
            }
        }
    }

    private func prompt() throws(LlamaError) -> Double {
        let sequence = SequenceID(rawValue: 0)
        try evaluator.clear(sequence)
        let prompt = batch(sequence, tokens[0..<Self.promptLength])
        let processorStart = clock()
        let start = ContinuousClock.now
        try evaluator.compute(prompt)
        let time = (ContinuousClock.now - start) / .seconds(1)
        self.time += time
        processorTime += Double(clock() - processorStart) / Double(CLOCKS_PER_SEC)
        if depth > 0 { try evaluator.cut(sequence, toPosition: depth) }
        return Double(Self.promptLength) / time
    }

    private func decode(_ width: Int, steps: Int) throws(LlamaError) -> Double {
        let sequences = (0..<width).map { SequenceID(rawValue: Int32($0)) }
        if depth == 0 {
            for sequence in sequences { try evaluator.clear(sequence) }
        }
        let start = ContinuousClock.now
        var shortest = Duration.seconds(1_000_000)
        for step in 0..<steps {
            let inputs = sequences.map { sequence in
                LlamaEvaluator.Input(
                    // Another token for each, as strangers' texts have.
                    tokens[(depth + step + 17 * Int(sequence.rawValue)) % tokens.count],
                    position: depth + step,
                    sequence: sequence,
                    wantsLogits: true
                )
            }
            let begin = ContinuousClock.now
            try evaluator.compute(inputs)
            let end = ContinuousClock.now
            shortest = min(shortest, end - begin)
            if step >= 2, end - start > Self.longestDecode { break }
        }
        if depth > 0 {
            for sequence in sequences { try evaluator.cut(sequence, toPosition: depth) }
        }
        return Double(width) / (shortest / .seconds(1))
    }

    private func batch(_ sequence: SequenceID, _ tokens: ArraySlice<TokenID>) -> [LlamaEvaluator.Input] {
        tokens.enumerated().map { position, token in
            LlamaEvaluator.Input(
                token,
                position: position,
                sequence: sequence,
                wantsLogits: position == tokens.count - 1
            )
        }
    }
}
