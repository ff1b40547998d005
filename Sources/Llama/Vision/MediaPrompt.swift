internal import CLlama
internal import RuntimeSupport
package import Scheduling

/// One part of a prompt with images.
package enum PromptPart: Sendable {
    /// Its special tokens are read as such.
    case text(String)
    case image(LlamaImage)
}

/// A prompt with images as the engine takes it.
package struct MediaPrompt: Sendable {
    package let items: [PromptItem]
    /// What the images among the items are encoded from; it takes memory for as long as it is held.
    package let media: [MediaHash: any MediaContent]
}

/// An image, or a slice of one, cut and scaled as an encoder takes it.
struct PreparedImage: MediaContent {
    let prompt: NativeMediaPrompt
    /// Which of the prompt's pieces it is.
    let index: Int
}

/// What llama.cpp has made of a prompt with images; its side owns the memory.
@safe final class NativeMediaPrompt: Sendable {
    // Safe to share: it is never changed.
    nonisolated(unsafe) let handle: OpaquePointer
    private let held: Guarded<Int>
    private let imageTokens: Int

    /// - Parameters:
    ///   - handle: It is freed with this.
    ///   - held: What all such prompts hold; this one's image tokens are added for as long as it is there.
    init(takingOwnershipOf handle: OpaquePointer, held: Guarded<Int>) {
        unsafe self.handle = handle
        self.held = held
        imageTokens = unsafe (0..<cl_media_prompt_count(handle)).reduce(0) { sum, index in
            let piece = unsafe cl_media_prompt_piece(handle, index)
            return unsafe piece.tokens == nil ? sum + piece.token_count : sum
        }
        held.withLock { [imageTokens] in $0 += imageTokens }
    }

    deinit {
        held.withLock { [imageTokens] in $0 -= imageTokens }
        unsafe cl_media_prompt_free(handle)
    }
}

extension MediaPrompt {
    init(_ prompt: NativeMediaPrompt) {
        var items: [PromptItem] = []
        var media: [MediaHash: any MediaContent] = [:]
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
            media[hash] = PreparedImage(prompt: prompt, index: index)
        }
        self.items = items
        self.media = media
    }
}
