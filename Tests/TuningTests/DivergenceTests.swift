import Foundation
import TestSupport
import Testing

@testable import Tuning

@Suite("The distance between distributions")
struct DivergenceTests {
    /// Logits as models give them: a few high ones, and a long tail.
    private func logits(_ count: Int, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in
            let uniform = Float.random(in: 0.0001..<1, using: &random)
            return -3 * log(uniform) - 8
        }
    }

    /// The definition, over the whole vocabulary, in double precision.
    private func direct(_ one: [Float], _ other: [Float]) -> Double {
        func probabilities(_ logits: [Float]) -> [Double] {
            let exponentials = logits.map { exp(Double($0)) }
            let sum = exponentials.reduce(0, +)
            return exponentials.map { $0 / sum }
        }
        return zip(probabilities(one), probabilities(other)).map { $0 * log($0 / $1) }.reduce(0, +)
    }

    @Test("it is the one of the definition", arguments: 0..<8)
    func agrees(seed: Int) {
        let one = logits(5000, seed: UInt64(seed))
        let noise = logits(5000, seed: UInt64(seed) + 100)
        let other = zip(one, noise).map { $0 + 0.1 * $1 }
        let expected = direct(one, other)
        let measured = ReferenceDistribution(logits: one.span).divergence(of: other.span)
        #expect(expected > 0.001)
        #expect(abs(measured - expected) < 0.001 * expected + 1e-6)
    }

    @Test("of a distribution from itself it is zero, exactly")
    func zero() {
        let one = logits(5000, seed: 1)
        #expect(ReferenceDistribution(logits: one.span).divergence(of: one.span) == 0)
        let shifted = one.map { $0 + 3 }
        #expect(abs(ReferenceDistribution(logits: one.span).divergence(of: shifted.span)) < 1e-5)
    }

    @Test("tokens too unlikely to be kept by themselves count together")
    func tail() {
        // One token and twenty thousand that hold a hundredth together, a half of which moves to the first.
        let one: [Float] = [Float(log(0.99))] + Array(repeating: Float(log(0.01 / 20_000)), count: 20_000)
        let other: [Float] = [Float(log(0.995))] + Array(repeating: Float(log(0.005 / 20_000)), count: 20_000)
        let measured = ReferenceDistribution(logits: one.span).divergence(of: other.span)
        #expect(abs(measured - direct(one, other)) < 1e-5)
    }

    @Test("the sum of exponentials does not overflow")
    func large() {
        #expect(abs(logSumExp(([500, 500] as [Float]).span) - (500 + log(2))) < 1e-3)
        #expect(logSumExp(([-1000, -1000, 3] as [Float]).span) == 3)
    }
}
