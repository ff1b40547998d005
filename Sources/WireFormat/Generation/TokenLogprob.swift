/// A token of an answer, how likely the model found it, and what it found likeliest there.
package struct TokenLogprob: Sendable, Equatable {
    /// One token and the natural logarithm of its probability.
    package struct Entry: Sendable, Equatable {
        /// The token's number; told in llama.cpp's forms alone.
        package let id: Int

        /// What the token stands for, often not whole characters.
        package let bytes: [UInt8]
        package let logprob: Double

        package init(bytes: [UInt8], logprob: Double, id: Int = 0) {
            self.id = id
            self.bytes = bytes
            self.logprob = logprob
        }
    }

    /// What it is told as.
    package enum Form: Sendable, Equatable {
        case openAI
        /// The same with the tokens' ids.
        case llama
        /// Probabilities in place of their logarithms: those that the token was drawn by.
        case llamaDrawn
    }

    package let chosen: Entry

    /// Likeliest first.
    package let top: [Entry]

    package let form: Form

    package init(chosen: Entry, top: [Entry], form: Form = .openAI) {
        self.chosen = chosen
        self.top = top
        self.form = form
    }
}
