/// The kinds of step, in the order in which they take turns.
enum StepKind: CaseIterable {
    case tokens, encode, embeddings
}

/// A generation in the queue.
struct WaitingGeneration: Sendable {
    let id: RequestID
    let owner: Owner
    let generation: Generation
}

/// A generation that holds a sequence.
struct RunningGeneration: Sendable {
    let id: RequestID
    let owner: Owner
    let generation: Generation
    let sequence: SequenceID
    /// How many tokens it may generate.
    let maxTokens: Int
    var usage: TokenUsage
    var phase: Phase
    var isPaused = false

    enum Phase: Sendable {
        /// So many of the prompt's items are in memory.
        case prefill(done: Int)
        /// This token was sampled and is to be computed next.
        case decode(TokenID)
    }

    /// How much of the prompt is still to be computed, or nil when decoding.
    var prefillDone: Int? {
        if case .prefill(let done) = phase { done } else { nil }
    }

    /// How many text tokens of the prompt come next, before its end or its next media item.
    var remainingTokens: Int {
        guard let done = prefillDone else { return 0 }
        return generation.prompt[done...].prefix { $0.token != nil }.count
    }

    /// The media item that comes next, if that is what comes next.
    var nextMedia: MediaItem? {
        guard let done = prefillDone, case .media(let item) = generation.prompt[done] else { return nil }
        return item
    }
}

/// One of the backend's sequences, and what its memory holds.
struct SequenceSlot: Sendable {
    let id: SequenceID
    /// What the memory holds, prompt and generated tokens; kept when a request ends, for one that begins alike.
    private(set) var items: [PromptItem] = []
    /// The position that comes next.
    private(set) var position = 0
    /// Whose content it is.
    var owner = Owner.anyone
    /// Who uses it.
    var user: RequestID?
    /// When it was last used.
    var lastUse: UInt64 = 0
    /// Whether the memory holds something that is not in `items`, and so has to be cleared before use.
    private(set) var isDirty = false

    mutating func append(_ new: some Collection<PromptItem>) {
        items.append(contentsOf: new)
        position += new.reduce(0) { $0 + $1.positionCount }
    }

    mutating func keep(first count: Int) {
        items.removeSubrange(count...)
        position = items.reduce(0) { $0 + $1.positionCount }
    }

    mutating func empty(isDirty: Bool) {
        items = []
        position = 0
        self.isDirty = isDirty
    }

    /// How many items of the prompt it holds from the start.
    func sharedPrefix(with prompt: [PromptItem]) -> Int { commonPrefix(items, prompt) }
}

/// The number of items at the start that two prompts have in common.
func commonPrefix(_ left: [PromptItem], _ right: [PromptItem]) -> Int {
    let count = min(left.count, right.count)
    return (0..<count).first { left[$0] != right[$0] } ?? count
}
