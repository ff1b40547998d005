/// What became of a step.
package enum StepOutcome: Sendable {
    /// The step was done. For each slice that samples, in the plan's order, what was sampled: one token,
    /// or with drafts one more than were guessed right. None fails that sequence alone: its logits hold nothing that a token
    /// could be chosen by. And for each slice that scores, in order, one entry for each of its targets.
    case sampled([[SampledToken]], scores: [[TokenProbabilities]] = [])
    /// An encode step was done; the vectors are kept.
    case encoded
    /// An encode step took all its time: the next one with the same key goes on, one with another key gives it up.
    case encodedInPart
    /// An embedding step was done: one vector for each text, in the plan's order.
    case embedded([[Float]])
    /// A draft step was done: for each slice, in the plan's order, as many guesses as were asked for, or fewer where the draft
    /// model would end there. Any other outcome of a draft step but `aborted` says that there are to be no more of them.
    case drafted([[TokenID]])
    /// There was no room in the KV cache; the memory is as it was before the step.
    case noRoom
    /// The step was cut off; what the sequences in it hold from its positions on is not known.
    case aborted
    /// The operation of this index could not be done; those before it were, the others and the step were not tried. What
    /// its sequence holds is not known. To clear a sequence, and to drop something, never fails.
    case operationFailed(index: Int, String)
    /// Native code failed in the step itself; what the sequences in it hold is not known.
    case failed(String)
}

/// A token chosen by a sequence's sampler.
package struct SampledToken: Sendable, Equatable {
    package let token: TokenID
    /// Whether it is one of the tokens by which the model ends a generation.
    package let endsGeneration: Bool
    /// Where the request's sampling asks for them.
    package let probabilities: TokenProbabilities?

    package init(token: TokenID, endsGeneration: Bool, probabilities: TokenProbabilities? = nil) {
        self.token = token
        self.endsGeneration = endsGeneration
        self.probabilities = probabilities
    }
}

/// A token of a prompt, or the one that ends an answer, and how likely the model found it.
package struct ScoredToken: Hashable, Sendable {
    package let token: TokenID
    package let probabilities: TokenProbabilities

    package init(token: TokenID, probabilities: TokenProbabilities) {
        self.token = token
        self.probabilities = probabilities
    }
}

/// What a request's reader is told.
package enum RequestEvent: Sendable {
    /// So many tokens of the prompt are computed or were in the cache, where the generation asks for that.
    case progress(TokenUsage, processed: Int)
    /// The prompt is computed; its first token follows.
    case started(TokenUsage)
    /// Of the prompt's next tokens, where the generation asks for scores; all of them come before `started`.
    case scored([ScoredToken])
    /// With its probabilities where the request's sampling asks for them.
    case token(TokenID, TokenProbabilities?)
    /// The token by which the model ends the generation, just before `finished`, where probabilities are asked for.
    case end(ScoredToken)
    /// The vectors of all texts, in their order.
    case embedding([[Float]], TokenUsage)
    case finished(FinishReason, TokenUsage)
    case failed(SchedulingError)

    /// Whether it is the one event that ends its request.
    package var isClosing: Bool {
        switch self {
        case .progress, .started, .scored, .token, .end: false
        case .embedding, .finished, .failed: true
        }
    }
}
