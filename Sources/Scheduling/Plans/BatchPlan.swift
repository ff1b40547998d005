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
    /// Gives `to`, which is empty, all that `from` holds.
    case copy(from: SequenceID, to: SequenceID)
    /// Gives the sequence a new sampler, whose penalties see no token yet.
    case startSampling(SequenceID, Sampling)

    var isCopy: Bool { if case .copy = self { true } else { false } }

    /// The sequence that it changes.
    var sequence: SequenceID {
        switch self {
        case .clear(let sequence), .cut(let sequence, _), .copy(_, let sequence), .startSampling(let sequence, _):
            sequence
        }
    }
}

/// The three kinds of work that a backend does, each in one call.
package enum Step: Sendable {
    /// Prompt chunks and single tokens of many sequences, causal.
    case tokens([TokenSlice])
    /// Whole texts, packed: never more than `BackendLimits.maxEmbeddingTokens` tokens.
    case embeddings([EmbeddingText])
    /// One media item of one prompt, alone.
    case encode(EncodeStep)
}

/// Consecutive tokens of one sequence in a token step.
package struct TokenSlice: Sendable, Equatable {
    package let request: RequestID
    package let sequence: SequenceID
    package let tokens: [TokenID]
    /// The position of the first of the tokens.
    package let position: Int
    /// Whether a token is to be sampled from the logits of the last one.
    package let samples: Bool

    package init(request: RequestID, sequence: SequenceID, tokens: [TokenID], position: Int, samples: Bool) {
        self.request = request
        self.sequence = sequence
        self.tokens = tokens
        self.position = position
        self.samples = samples
    }
}

/// One text of an embedding step.
package struct EmbeddingText: Sendable, Equatable {
    package let request: RequestID
    package let tokens: [TokenID]

    package init(request: RequestID, tokens: [TokenID]) {
        self.request = request
        self.tokens = tokens
    }
}

/// The encoding of one media item into a sequence's memory.
package struct EncodeStep: Sendable, Equatable {
    package let request: RequestID
    package let sequence: SequenceID
    package let item: MediaItem
    package let position: Int
    /// Whether the item ends its prompt, so that a token is to be sampled after it.
    package let samples: Bool

    package init(request: RequestID, sequence: SequenceID, item: MediaItem, position: Int, samples: Bool) {
        self.request = request
        self.sequence = sequence
        self.item = item
        self.position = position
        self.samples = samples
    }
}
