import Scheduling
import Tokenizer

/// A prompt as the engine takes it.
struct PromptContent: Sendable {
    let items: [PromptItem]
    /// What the images and sounds among the items are encoded from.
    let media: [MediaHash: any MediaContent]
    /// Those of images and sounds included.
    let tokenCount: Int
    /// How many of them are sound.
    let soundTokens: Int

    init(_ tokens: [Token]) { self.init(tokens.map(PromptItem.token), media: [:]) }

    init(_ items: [PromptItem], media: [MediaHash: any MediaContent], soundTokens: Int = 0) {
        self.items = items
        self.media = media
        self.soundTokens = soundTokens
        tokenCount = items.reduce(0) { $0 + $1.tokenCount }
    }

    /// Those of its texts.
    var tokens: [Token] { items.compactMap(\.token) }

    /// The same without its last item.
    func dropLast() -> Self { Self(items.dropLast(), media: media, soundTokens: soundTokens) }

    /// The same with tokens behind it.
    static func + (prompt: Self, tokens: [Token]) -> Self {
        Self(prompt.items + tokens.map(PromptItem.token), media: prompt.media, soundTokens: prompt.soundTokens)
    }
}
