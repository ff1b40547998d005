internal import Foundation

/// How fast a model computes, in tokens a second.
package struct Speeds: Sendable, Codable, Equatable {
    /// A prompt of 512 tokens.
    package var prompt: Double
    /// One, four and sixteen sequences that each get a token in every step.
    package var decode1: Double
    package var decode4: Double
    package var decode16: Double

    package init(prompt: Double, decode1: Double, decode4: Double, decode16: Double) {
        self.prompt = prompt
        self.decode1 = decode1
        self.decode4 = decode4
        self.decode16 = decode16
    }

    /// What is to be made large: the geometric mean of the gains in prompt speed and in decode speed at 1 and 4.
    package func gain(over other: Self) -> Double {
        cbrt((prompt / other.prompt) * (decode1 / other.decode1) * (decode4 / other.decode4))
    }

    /// The better of each.
    func best(_ other: Self) -> Self {
        Self(
            prompt: max(prompt, other.prompt),
            decode1: max(decode1, other.decode1),
            decode4: max(decode4, other.decode4),
            decode16: max(decode16, other.decode16)
        )
    }
}
