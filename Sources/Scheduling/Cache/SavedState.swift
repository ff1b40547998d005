/// A sequence's state that lies in ordinary memory, outside the KV cache.
///
/// What a request that was set back goes on from; what is left of a conversation whose sequence another needed; and for
/// memory that can't be cut, the places from which other prompts can go on.
struct SavedState: Sendable {
    let id: StateID
    let owner: Owner
    let items: [PromptItem]
    let bytes: Int
    /// How many of the items were computed in the fixed chunks of deterministic mode.
    let fixedCount: Int
    var lastUse: UInt64
    /// The request that will go on from it: until then it is not evicted.
    var keeper: RequestID?
}
