import Scheduling
import Tokenizer

/// A prompt as the engine takes it.
struct PromptContent: Sendable {
    let items: [PromptItem]
    /// What the images among the items are encoded from.
    let media: [MediaHash: any MediaContent]
    /// Those of images included.
    let tokenCount: Int

    init(_ tokens: [Token]) { self.init(tokens.map(PromptItem.token), media: [:]) }

    init(_ items: [PromptItem], media: [MediaHash: any MediaContent]) {
        self.items = items
        self.media = media
        tokenCount = items.reduce(0) { $0 + $1.tokenCount }
    }

    /// Those of its texts.
    var tokens: [Token] { items.compactMap(\.token) }

    /// The same without its last item.
    func dropLast() -> Self { Self(items.dropLast(), media: media) }

    /// The same with tokens behind it.
    static func + (prompt: Self, tokens: [Token]) -> Self {
        Self(prompt.items + tokens.map(PromptItem.token), media: prompt.media)
    }
}
