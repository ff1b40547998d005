/// How likely the model found a chosen token, and what it found likeliest there.
///
/// Natural logarithms of the model's own probabilities: of the softmax of its logits, before biases, penalties, grammar,
/// temperature and truncation; or where `Sampling.tellsDrawn` asks for it, of those behind all of these.
package struct TokenProbabilities: Hashable, Sendable {
    /// Of the chosen token.
    package let chosen: Float
    /// The likeliest tokens, likeliest first; the chosen one is among them where it is one of them.
    package let top: [Entry]

    package init(chosen: Float, top: [Entry]) {
        self.chosen = chosen
        self.top = top
    }

    package struct Entry: Hashable, Sendable {
        package let token: TokenID
        package let logprob: Float

        package init(token: TokenID, logprob: Float) {
            self.token = token
            self.logprob = logprob
        }
    }
}
