/// A token of an answer, how likely the model found it, and what it found likeliest there.
package struct TokenLogprob: Sendable, Equatable {
    /// One token and the natural logarithm of its probability.
    package struct Entry: Sendable, Equatable {
        /// What the token stands for, often not whole characters.
        package let bytes: [UInt8]
        package let logprob: Double

        package init(bytes: [UInt8], logprob: Double) {
            self.bytes = bytes
            self.logprob = logprob
        }
    }

    package let chosen: Entry

    /// Likeliest first.
    package let top: [Entry]

    package init(chosen: Entry, top: [Entry]) {
        self.chosen = chosen
        self.top = top
    }
}
