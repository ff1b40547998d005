/// The kinds of step, in the order in which they take turns.
enum StepKind: CaseIterable {
    case tokens, media, embeddings
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
        /// How many places of the prompt are told already, or need not be.
        let scored: Int
    }

    /// Whether it was set back and its reader does not keep up.
    var isPaused: Bool { progress?.isPaused ?? false }

    /// How much may come from memory: where a prompt is scored, its places from there on are computed.
    var mostShared: Int {
        guard let first = generation.firstScored, items.count == generation.prompt.count else { return items.count - 1 }
        return min(items.count - 1, progress?.scored ?? first)
    }

    /// What has to be in memory before its next token is sampled.
    var items: [PromptItem] { progress?.items ?? generation.prompt }

    /// How many tokens of the KV cache that is.
    var tokenCount: Int { generation.tokens(in: items.count) }
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
    /// How many places of the prompt are told already, or need not be.
    var scored: Int
    /// Where its state is to be saved, ascending: for memory that can't be cut.
    var checkpoints: [Int] = []
    var speculation: Speculation
    /// When it got its sequence.
    let begun: UInt64
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

    /// Whether it goes on telling of its prompt only once its reader has made room.
    var waitsForReader: Bool { isPaused && (generation.scoring != nil || generation.tellsProgress) }

    /// How much of its prompt is computed, where that is to be told.
    var progress: RequestEvent? {
        guard generation.tellsProgress, usage.generated == 0 else { return nil }
        return .progress(usage, processed: items[..<done].reduce(0) { $0 + $1.tokenCount })
    }

    /// How many more tokens of the prompt come before those that are told, behind the next `granted` ones.
    func untold(after granted: Int) -> Int {
        generation.scoring == nil ? .max / 2 : max(0, scored - done - granted)
    }

    /// What is to be told of a chunk of its prompt.
    func scores(of chunk: Range<Int>) -> SliceScores? {
        guard let scoring = generation.scoring else { return nil }
        let places = max(chunk.lowerBound, scored)..<max(chunk.upperBound, scored)
        let targets = places.compactMap { $0 + 1 < generation.prompt.count ? items[$0 + 1].token : nil }
        guard !targets.isEmpty else { return nil }
        return SliceScores(offset: places.lowerBound - chunk.lowerBound, targets: targets, top: scoring.top)
    }

    /// The media item that comes next, if that is what comes next.
    var nextMedia: MediaItem? {
        guard done < items.count, case .media(let item) = items[done] else { return nil }
        return item
    }

    /// What its vectors are kept as.
    var nextEncoding: EncodingKey? { nextMedia.map { EncodingKey(owner: owner, hash: $0.hash) } }
}
