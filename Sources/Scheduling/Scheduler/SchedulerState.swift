/// The kinds of step, in the order in which they take turns.
enum StepKind: CaseIterable {
    case tokens, encode, embeddings
}

/// A generation that waits for a sequence: a new one, or one that was set back.
struct WaitingGeneration: Sendable {
    let id: RequestID
    let owner: Owner
    let priority: Priority
    let generation: Generation
    /// How far it came before it was set back.
    var progress: Progress?

    struct Progress: Sendable {
        var items: [PromptItem]
        var usage: TokenUsage
        var speculation: Speculation
        var isPaused: Bool
        /// Whether it gave way because the KV cache was full: it waits until there is room for all of it.
        let waitsForRoom: Bool
    }

    /// Whether it was set back and its reader does not keep up.
    var isPaused: Bool { progress?.isPaused ?? false }

    /// What has to be in memory before its next token is sampled.
    var items: [PromptItem] { progress?.items ?? generation.prompt }
}

/// A generation that holds a sequence.
struct RunningGeneration: Sendable {
    let id: RequestID
    let owner: Owner
    let priority: Priority
    let generation: Generation
    let sequence: SequenceID
    /// How many tokens it may generate.
    let maxTokens: Int
    var usage: TokenUsage
    /// The prompt, and every token that was sampled.
    var items: [PromptItem]
    /// How many of the items are in memory.
    var done: Int
    /// Where its state is to be saved, ascending: for memory that can't be cut.
    var checkpoints: [Int] = []
    var speculation: Speculation
    /// When it got its sequence.
    let begun: UInt64
    /// Whether there are no media among the items.
    let isText: Bool
    var isPaused = false

    /// How many tokens of the KV cache the items fill.
    var tokenCount: Int { usage.prompt + usage.generated }

    /// Whether a token was sampled and is all that is to be computed next.
    var isDecoding: Bool { items.count > generation.prompt.count && done == items.count - 1 }

    /// How many text tokens come next, before the end, the next media item, or the next place where state is saved.
    var remainingTokens: Int {
        let end = checkpoints.first { $0 > done } ?? items.count
        return items[done..<end].prefix { $0.token != nil }.count
    }

    /// The media item that comes next, if that is what comes next.
    var nextMedia: MediaItem? {
        guard done < items.count, case .media(let item) = items[done] else { return nil }
        return item
    }
}
