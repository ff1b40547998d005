/// The encoding of one media item, or a part of it, alone: no sequence's memory is touched.
package struct EncodeStep: Sendable {
    package let request: RequestID
    /// What the vectors are kept as.
    package let key: EncodingKey
    package let item: MediaItem
    package let content: (any MediaContent)?
    /// Encodings that are dropped first.
    package let forgets: [EncodingKey]
    /// How long it may take: what is not done by then, the next step with the same key goes on with.
    package let most: Duration

    package init(
        request: RequestID,
        key: EncodingKey,
        item: MediaItem,
        content: (any MediaContent)? = nil,
        forgets: [EncodingKey] = [],
        most: Duration = .seconds(3600)
    ) {
        self.request = request
        self.key = key
        self.item = item
        self.content = content
        self.forgets = forgets
        self.most = most
    }
}

/// Tokens of an encoded media item, at the end of what a sequence holds.
package struct MediaSlice: Sendable {
    package let request: RequestID
    package let sequence: SequenceID
    /// What its vectors are kept as.
    package let key: EncodingKey
    package let item: MediaItem
    package let content: (any MediaContent)?
    /// Which of its tokens; all of them where the item is whole.
    package let tokens: Range<Int>
    /// Of the item's first token.
    package let position: Int

    package init(
        request: RequestID,
        sequence: SequenceID,
        key: EncodingKey,
        item: MediaItem,
        content: (any MediaContent)? = nil,
        tokens: Range<Int>,
        position: Int
    ) {
        precondition(!tokens.isEmpty && tokens.upperBound <= item.tokenCount)
        self.request = request
        self.sequence = sequence
        self.key = key
        self.item = item
        self.content = content
        self.tokens = tokens
        self.position = position
    }
}

/// By what an encoded media item is found again: nobody's encodings are found by another.
package struct EncodingKey: Hashable, Sendable {
    package let owner: Owner
    package let hash: MediaHash

    package init(owner: Owner, hash: MediaHash) {
        self.owner = owner
        self.hash = hash
    }
}
