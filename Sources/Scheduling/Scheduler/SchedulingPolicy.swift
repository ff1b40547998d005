/// The numbers that shape plans; every one is a bound.
package struct SchedulingPolicy: Sendable {
    /// Requests of each priority that may wait for a sequence; one more is refused.
    package var maxWaiting = 256
    /// The longest time that a step takes while somebody is decoding, by what steps took so far: the longest gap that a
    /// long prompt makes in a running stream.
    package var maxGap: Duration = .milliseconds(100)
    /// The fewest prompt tokens in a step beside running streams, even where they take longer than `maxGap`.
    package var smallestChunk = 4
    /// Prompt tokens in a step beside running streams while nothing is known of what they cost.
    package var firstChunk = 16
    /// Prompt tokens in a step while nobody is decoding, at most; and the time that such a step takes, by what steps took
    /// so far: what bounds how long a step works on after its client left, and how long a new request waits to be heard.
    package var prefillTokensAlone = 512
    package var maxStepAlone: Duration = .seconds(1)
    /// Tokens up to which an embedding step is filled with further texts: all attend to each other, in vain.
    package var embeddingTokens = 512
    /// The shortest prefix for which a sequence is copied or waited for, where `BackendLimits.copyCost` is not more: below
    /// it, computing again is cheaper.
    package var minimumSharedTokens = 4
    /// The shortest content of a sequence that is saved before another's takes its place.
    package var minimumSavedTokens = 64
    /// Bytes of sequence state that are kept outside the KV cache for later requests.
    package var stateBytes = 0
    /// Bytes of encoded media that are kept for later requests, and for what is computed next; what one item takes is
    /// kept in any case while its prompt is computed.
    package var encodingBytes = 128 << 20
    /// Of so many starts while requests of both priorities wait, one is batch work; and it keeps so many sequences'
    /// part of all when interactive requests need more.
    package var batchTurn = 4
    /// Steps that the last batch work has its sequence for before an interactive request may take it.
    package var batchSteps: UInt64 = 32
    /// The most tokens of prompts that are told with their probabilities in one step: each takes a row of logits.
    package var scoredTokens = 32
    /// The most tokens that are guessed ahead of a sequence in one step; 0 for no speculation.
    package var maxDrafts = 0
    /// Of so many steps of several sequences in which guesses would not pay by what they cost before, one has them all the same.
    package var draftReviewInterval = 256
    /// Nil, or in how large chunks each request is computed by itself, so that its answer does not depend on who else is
    /// there: the kernels' rounding depends on how many tokens they work on.
    package var fixedChunk: Int?

    /// Long enough to be nearly as fast as longer ones, short enough that others do not wait long.
    package static let deterministicChunk = 32

    package init() {}

    /// Sequences that batch work keeps while interactive requests wait.
    func batchSequences(of all: Int) -> Int { all == 1 ? 0 : max(1, all / batchTurn) }
}
