/// One sequence's part of a draft step: what the draft model is to read, and how many guesses it is to make behind it.
package struct DraftSlice: Sendable, Equatable {
    package let request: RequestID
    package let sequence: SequenceID
    /// Where the tokens go: what the draft model's sequence holds from there on is cut off before.
    package let position: Int
    package let tokens: [TokenID]
    /// The most guesses; 0 where there is more to read first.
    package let guesses: Int

    package init(request: RequestID, sequence: SequenceID, position: Int, tokens: [TokenID], guesses: Int) {
        precondition(!tokens.isEmpty)
        self.request = request
        self.sequence = sequence
        self.position = position
        self.tokens = tokens
        self.guesses = guesses
    }

    /// One or two tokens are new behind a step whose guesses were right or wrong; a pass for the first guess reads them
    /// along.
    static let readAlong = 2

    /// Tokens that cost more than the pass for the first guess.
    var unread: Int { guesses > 0 ? max(0, tokens.count - Self.readAlong) : tokens.count }
}
