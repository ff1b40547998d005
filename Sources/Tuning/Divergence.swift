internal import Foundation

/// The distribution of the next token at one place, as the original file gives it.
///
/// Kept compactly: tokens of a probability above `threshold` by themselves, all others together. The divergence from
/// it is then exact save for the differences among those others, which hold next to nothing.
package struct ReferenceDistribution: Sendable {
    /// Of the logarithm of a token's probability; e to the power of -14 is one in 1.2 million.
    package static let threshold: Float = -14

    private var tokens: [Int32] = []
    private var logProbabilities: [Float] = []
    /// The probability of all other tokens together.
    private var rest: Double

    package init(logits: Span<Float>) {
        let normalizer = logSumExp(logits)
        var mass = 0.0
        for token in 0..<logits.count {
            let logProbability = logits[token] - normalizer
            guard logProbability > Self.threshold else { continue }
            tokens.append(Int32(token))
            logProbabilities.append(logProbability)
            mass += exp(Double(logProbability))
        }
        rest = max(0, 1 - mass)
    }

    /// The Kullback-Leibler divergence of another distribution from this one, in nats: zero for the same logits.
    package func divergence(of logits: Span<Float>) -> Double {
        let normalizer = logSumExp(logits)
        var sum = 0.0
        var mass = 0.0
        for (token, logProbability) in zip(tokens, logProbabilities) {
            let other = logits[Int(token)] - normalizer
            sum += exp(Double(logProbability)) * Double(logProbability - other)
            mass += exp(Double(other))
        }
        guard rest > 0 else { return sum }
        return sum + rest * log(rest / max(1 - mass, 1e-9))
    }
}

/// The logarithm of the sum of the exponentials, in a way that does not overflow.
package func logSumExp(_ logits: Span<Float>) -> Float {
    var largest = -Float.infinity
    for index in 0..<logits.count { largest = max(largest, logits[index]) }
    var sum = 0.0
    for index in 0..<logits.count { sum += Double(exp(logits[index] - largest)) }
    return largest + Float(log(sum))
}
