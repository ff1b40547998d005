internal import CLlama
internal import RuntimeSupport
package import Scheduling

/// One part of a prompt with images or sound.
package enum PromptPart: Sendable {
    /// Its special tokens are read as such.
    case text(String)
    case image(LlamaImage)
    case sound(LlamaSound)
}

/// A prompt with images or sound as the engine takes it.
package struct MediaPrompt: Sendable {
    package let items: [PromptItem]
    /// What the media among the items are encoded from; it takes memory for as long as it is held.
    package let media: [MediaHash: any MediaContent]
    /// How many of its tokens are sound.
    package let soundTokens: Int
}

/// An image, a sound, or a piece of one, as an encoder takes it.
struct PreparedMedia: MediaContent {
    let prompt: NativeMediaPrompt
    /// Which of the prompt's pieces it is.
    let index: Int
}

/// What llama.cpp has made of a prompt with images or sound; its side owns the memory.
@safe final class NativeMediaPrompt: Sendable {
    // Safe to share: it is never changed.
    nonisolated(unsafe) let handle: OpaquePointer
    private let held: Guarded<Int>
    private let mediaTokens: Int

    /// - Parameters:
    ///   - handle: It is freed with this.
    ///   - held: What all such prompts hold; this one's tokens of media are added for as long as it is there.
    init(takingOwnershipOf handle: OpaquePointer, held: Guarded<Int>) {
        unsafe self.handle = handle
        self.held = held
        mediaTokens = unsafe (0..<cl_media_prompt_count(handle)).reduce(0) { sum, index in
            let piece = unsafe cl_media_prompt_piece(handle, index)
            return unsafe piece.tokens == nil ? sum + piece.token_count : sum
        }
        held.withLock { [mediaTokens] in $0 += mediaTokens }
    }

    deinit {
        held.withLock { [mediaTokens] in $0 -= mediaTokens }
        unsafe cl_media_prompt_free(handle)
    }
}

extension MediaPrompt {
    init(_ prompt: NativeMediaPrompt) {
        var items: [PromptItem] = []
        var media: [MediaHash: any MediaContent] = [:]
        var soundTokens = 0
        for index in 0..<(unsafe cl_media_prompt_count(prompt.handle)) {
            let piece = unsafe cl_media_prompt_piece(prompt.handle, index)
            if let tokens = unsafe piece.tokens {
                items += unsafe UnsafeBufferPointer(start: tokens, count: piece.token_count).map(PromptItem.token)
                continue
            }
            let hash = unsafe MediaHash(high: piece.digest.0, low: piece.digest.1)
            let item = unsafe MediaItem(
                hash: hash,
                tokenCount: piece.token_count,
                positionCount: Int(piece.positions),
                isWhole: piece.is_whole
            )
            items.append(.media(item))
            if unsafe piece.is_sound { soundTokens += item.tokenCount }
            media[hash] = PreparedMedia(prompt: prompt, index: index)
        }
        self.items = items
        self.media = media
        self.soundTokens = soundTokens
    }
}
