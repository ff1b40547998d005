/// What the backend is to do next: first the operations on sequences, in order, then one step.
package struct BatchPlan: Sendable {
    package var operations: [SequenceOperation]
    package var step: Step

    package init(operations: [SequenceOperation] = [], step: Step) {
        self.operations = operations
        self.step = step
    }
}

/// A change of a sequence's memory or of its sampler; costs no computation of the model.
package enum SequenceOperation: Sendable, Equatable {
    /// Forgets all that the sequence holds.
    case clear(SequenceID)
    /// Forgets what the sequence holds from this position on.
    case cut(SequenceID, toPosition: Int)
    /// Gives `to`, which is empty, what `from` holds before this position: all of it where memory can't be cut.
    case copy(from: SequenceID, to: SequenceID, upTo: Int)
    /// Keeps a copy of what the sequence holds outside the KV cache.
    case save(SequenceID, StateID)
    /// Gives the sequence, which is empty, what was saved.
    case restore(StateID, SequenceID)
    /// Drops what was saved.
    case forget(StateID)
    /// Gives the request a sampler, whose penalties see no token yet.
    case startSampling(RequestID, Sampling)
    /// Drops the request's sampler.
    case endSampling(RequestID)

    /// Whether it moves the content of a whole sequence.
    package var movesMemory: Bool {
        switch self {
        case .copy, .save, .restore: true
        case .clear, .cut, .forget, .startSampling, .endSampling: false
        }
    }

    /// The sequence that it changes.
    package var sequence: SequenceID? {
        switch self {
        case .clear(let sequence), .cut(let sequence, _), .copy(_, let sequence, _), .restore(_, let sequence): sequence
        case .save, .forget, .startSampling, .endSampling: nil
        }
    }
}

/// The kinds of work that a backend does, each in one call.
package enum Step: Sendable {
    /// Prompt chunks and single tokens of many sequences, causal.
    case tokens([TokenSlice])
    /// Guesses of a draft model, for the token step that follows; changes nothing that the other steps see.
    case draft([DraftSlice])
    /// Whole texts, packed: never more than `BackendLimits.maxEmbeddingTokens` tokens.
    case embeddings([EmbeddingText])
    /// The vectors of one media item, alone.
    case encode(EncodeStep)
    /// Tokens of one encoded media item, alone.
    case media(MediaSlice)
}

/// Consecutive tokens of one sequence in a token step.
package struct TokenSlice: Sendable, Equatable {
    package let request: RequestID
    package let sequence: SequenceID
    package let tokens: [TokenID]
    /// The position of the first of the tokens.
    package let position: Int
    /// Whether a token is to be sampled from the logits of the last token that is no draft.
    package let samples: Bool
    /// How many of the tokens, at the end, are guesses of what will be sampled.
    ///
    /// As long as the sampled token is the guessed one, the next is sampled from the logits of the guess.
    package let drafts: Int
    /// Which of the prompt's tokens are to be told with their probabilities.
    package let scores: SliceScores?

    package init(
        request: RequestID,
        sequence: SequenceID,
        tokens: [TokenID],
        position: Int,
        samples: Bool,
        drafts: Int = 0,
        scores: SliceScores? = nil
    ) {
        precondition(drafts == 0 || samples && drafts < tokens.count)
        precondition(scores.map { $0.offset >= 0 && $0.offset + $0.targets.count <= tokens.count } ?? true)
        self.request = request
        self.sequence = sequence
        self.tokens = tokens
        self.position = position
        self.samples = samples
        self.drafts = drafts
        self.scores = scores
    }
}

/// The probabilities that are to be told of a prompt, in a slice of it: each from the logits of the token before.
package struct SliceScores: Sendable, Equatable {
    /// The place in the slice of the token before the first target.
    package let offset: Int
    /// The prompt's tokens that are to be told; one at least.
    package let targets: [TokenID]
    /// How many of the likeliest tokens are told beside each.
    package let top: Int

    package init(offset: Int, targets: [TokenID], top: Int) {
        precondition(!targets.isEmpty)
        self.offset = offset
        self.targets = targets
        self.top = top
    }
}

/// One text of an embedding step.
package struct EmbeddingText: Sendable, Equatable {
    package let request: RequestID
    /// Which of the request's texts it is.
    package let place: Int
    package let tokens: [TokenID]

    package init(request: RequestID, place: Int = 0, tokens: [TokenID]) {
        self.request = request
        self.place = place
        self.tokens = tokens
    }
}
