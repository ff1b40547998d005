/// One piece of a prompt: a text token, or a stretch of media that takes the place of several.
package enum PromptItem: Hashable, Sendable {
    case token(TokenID)
    case media(MediaItem)

    /// How many tokens of the KV cache it fills.
    package var tokenCount: Int {
        switch self {
        case .token: 1
        case .media(let item): item.tokenCount
        }
    }

    /// By how much it moves the position of what follows; models with two-dimensional positions give an image fewer
    /// positions than tokens.
    package var positionCount: Int {
        switch self {
        case .token: 1
        case .media(let item): item.positionCount
        }
    }

    package var token: TokenID? {
        if case .token(let token) = self { token } else { nil }
    }
}

/// An image, or a stretch of audio, within a prompt.
///
/// Two items with the same content hash are the same.
package struct MediaItem: Hashable, Sendable {
    package let contentHash: UInt64
    package let tokenCount: Int
    package let positionCount: Int

    package init(contentHash: UInt64, tokenCount: Int, positionCount: Int) {
        precondition(tokenCount > 0 && positionCount > 0)
        self.contentHash = contentHash
        self.tokenCount = tokenCount
        self.positionCount = positionCount
    }
}
