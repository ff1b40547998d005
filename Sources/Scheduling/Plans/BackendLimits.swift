/// What a backend can do and how much at once; fixed for its lifetime.
package struct BackendLimits: Sendable {
    /// Sequences that can be held at once.
    package var maxSequences: Int
    /// Tokens of prompt and answer that one sequence can hold.
    package var contextLength: Int
    /// Tokens in one token step.
    package var maxStepTokens: Int
    /// Tokens in one embedding step: its texts are attended to as a whole, so they cannot be cut into chunks.
    package var maxEmbeddingTokens: Int
    /// Whether token steps can be planned.
    package var generates: Bool
    /// Whether embedding steps can be planned.
    package var embeds: Bool
    /// Whether encode steps and those of media can be planned.
    package var encodesMedia: Bool
    /// What the vectors of encoded media take for each token, in bytes.
    package var encodingBytesPerToken: Int = 0
    /// Whether the end of a sequence's memory can be cut off; recurrent memory can't.
    package var cutsSequences: Bool
    /// Whether what was saved of a sequence can be cut when it is restored; false where sequences can't.
    ///
    /// Of a sliding window only what lies in it at the sequence's end is saved: what is restored can be gone on from at
    /// its end alone.
    package var cutsStates: Bool {
        get { cutsSequences && cutsRestored }
        set { cutsRestored = newValue }
    }
    private var cutsRestored: Bool
    /// What copying a sequence costs, in prompt tokens that could be computed meanwhile.
    package var copyCost: Int
    /// Tokens that all sequences together can hold; less than each of them its context where they share cells.
    package var cacheTokens: Int
    /// What a saved state takes: so much, and so much for each token, in bytes.
    package var stateBytes: Int
    package var stateBytesPerToken: Int

    /// Tokens of prompt and answer that a sequence of the draft model can hold; 0 without a draft model.
    package var draftContextLength = 0

    /// Whether a copy may be put off until the step: nothing is restored, and no state saved of the copy, before it.
    var defersCopies: Bool { cutsSequences && !cutsStates }

    package init(
        maxSequences: Int,
        contextLength: Int,
        maxStepTokens: Int,
        maxEmbeddingTokens: Int = 0,
        generates: Bool = true,
        embeds: Bool = false,
        encodesMedia: Bool = false,
        cutsSequences: Bool = true,
        cutsStates: Bool = true,
        copyCost: Int = 0,
        cacheTokens: Int? = nil,
        stateBytes: Int = 0,
        stateBytesPerToken: Int = 0
    ) {
        self.maxSequences = maxSequences
        self.contextLength = contextLength
        self.maxStepTokens = maxStepTokens
        self.maxEmbeddingTokens = maxEmbeddingTokens
        self.generates = generates
        self.embeds = embeds
        self.encodesMedia = encodesMedia
        self.cutsSequences = cutsSequences
        cutsRestored = cutsStates
        self.copyCost = copyCost
        self.cacheTokens = cacheTokens ?? maxSequences * contextLength
        self.stateBytes = stateBytes
        self.stateBytesPerToken = stateBytesPerToken
    }
}
