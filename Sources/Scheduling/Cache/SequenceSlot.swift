/// One of the backend's sequences, and what its memory holds.
struct SequenceSlot: Sendable {
    let id: SequenceID
    /// What the memory holds, prompt and generated tokens; kept when a request ends, for one that begins alike.
    private(set) var items: [PromptItem] = []
    /// The position that comes next.
    private(set) var position = 0
    /// How many tokens of the KV cache the items fill.
    private(set) var tokenCount = 0
    /// How many tokens of the media item that comes next the memory holds beyond the items.
    var begunTokens = 0
    /// Whose content it is.
    var owner = Owner.anyone
    /// Who uses it.
    var user: RequestID?
    /// When it was last used.
    var lastUse: UInt64 = 0
    /// Whether the memory holds something that is not in `items`, and so has to be cleared before use.
    private(set) var isDirty = false
    /// How many of the items were computed in the fixed chunks of deterministic mode.
    var fixedCount = 0

    /// How many of the items were restored and can't be cut: of those the sequence holds all or none.
    var uncutCount = 0

    mutating func append(_ new: some Collection<PromptItem>) {
        items.append(contentsOf: new)
        position += new.reduce(0) { $0 + $1.positionCount }
        tokenCount += new.reduce(0) { $0 + $1.tokenCount }
    }

    mutating func keep(first count: Int) {
        items.removeSubrange(count...)
        position = items.reduce(0) { $0 + $1.positionCount }
        tokenCount = items.reduce(0) { $0 + $1.tokenCount }
        fixedCount = min(fixedCount, count)
    }

    mutating func empty(isDirty: Bool) {
        items = []
        position = 0
        tokenCount = 0
        begunTokens = 0
        fixedCount = 0
        uncutCount = 0
        self.isDirty = isDirty
    }
}
