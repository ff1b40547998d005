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

/// An image, or a stretch of one, within a prompt.
///
/// Two items with the same hash are the same.
package struct MediaItem: Hashable, Sendable {
    package let hash: MediaHash
    private let tokens: Int32
    private let positions: Int32
    /// Whether its tokens are attended to as a whole: they are computed in one step, which they have to fit.
    package let isWhole: Bool

    package var tokenCount: Int { Int(tokens) }
    package var positionCount: Int { Int(positions) }

    package init(hash: MediaHash, tokenCount: Int, positionCount: Int, isWhole: Bool = false) {
        precondition(tokenCount > 0 && positionCount > 0)
        self.hash = hash
        tokens = Int32(tokenCount)
        positions = Int32(positionCount)
        self.isWhole = isWhole
    }
}

/// 128 bits of a digest of all that the vectors and positions of a media item depend on.
package struct MediaHash: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64 = 0, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// What a backend encodes a media item from; its own affair.
package protocol MediaContent: Sendable {}
