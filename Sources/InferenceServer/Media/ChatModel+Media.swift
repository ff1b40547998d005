import Llama
import Scheduling
import Tokenizer
import WireFormat

extension ChatModel {
    /// Tokens of images and sounds in prompts that are waiting or running, at most, before one more with media is refused:
    /// prepared, each takes some tens of kilobytes.
    private static let maximumPreparedTokens = 16_384

    /// Renders and tokenizes a conversation; its images and sounds are read on a thread of their own.
    ///
    /// - Parameters:
    ///   - conversation: What is asked.
    ///   - param: What the request calls its turns, for errors.
    ///   - template: What renders it in place of the model's own template.
    /// - Returns: The prompt.
    /// - Throws: As `ChatPrompt`; 429 while too many images and sounds wait.
    func prompt(
        _ conversation: Conversation,
        param: String = "messages",
        template: PromptTemplate? = nil
    ) async throws -> ChatPrompt {
        try await reading(!conversation.media.isEmpty) { media throws(APIError) in
            try ChatPrompt(conversation, param: param, model: self, template: template, media: media)
        }
    }

    /// Runs what makes prompts, with what reads their images and sounds: where there are any, after other requests'.
    ///
    /// - Throws: What the body throws; 429 while too many images and sounds wait.
    func reading<Result: Sendable>(
        _ hasMedia: Bool,
        _ body: @escaping @Sendable (MediaReader) throws(APIError) -> Result
    ) async throws -> Result {
        guard hasMedia, let projector else { return try body(MediaReader()) }
        return try await MediaGate.shared.run {
            guard projector.preparedTokens <= Self.maximumPreparedTokens else {
                throw APIError.rateLimit(
                    "Too many images and sounds are waiting. Please try again later.",
                    retryAfter: 5
                )
            }
            return try body(MediaReader())
        }
    }

    /// - Throws: 400 where there are images that the model does not see, sounds that it does not hear, or too many.
    func checkMedia(_ media: [MediaSource], param: String) throws(APIError) {
        let images = media.compactMap(\.image)
        let sounds = media.compactMap(\.sound)
        if let image = images.first, projector?.seesImages != true {
            throw .invalidRequest(
                "The model \(id) does not see images.",
                param: image.path ?? param,
                code: "image_input_not_supported"
            )
        }
        if let sound = sounds.first, projector?.hearing == nil { throw .doesNotHear(at: sound.path ?? param) }
        guard images.count <= ImageReader.maximumCount else {
            throw .invalidRequest(
                "The request holds \(images.count) images; at most \(ImageReader.maximumCount) are read.",
                param: images[ImageReader.maximumCount].path ?? param,
                code: "too_many_images"
            )
        }
        try sounds.checkCount()
    }

    /// Puts images and sounds in the places of their markers, and tokenizes the rest.
    ///
    /// - Parameters:
    ///   - rendered: What the template wrote.
    ///   - markers: Of the conversation.
    ///   - media: What decodes them.
    ///   - param: What the request calls its turns, for errors.
    /// - Returns: The prompt as people are shown it, and as the engine takes it.
    /// - Throws: 400 where one can't be read, or the prompt does not fit.
    func prepare(
        _ rendered: String,
        _ markers: MediaMarkers,
        _ media: MediaReader,
        param: String
    ) throws(APIError) -> (text: String, content: PromptContent) {
        guard let projector, let pieces = markers.pieces(of: rendered), case .text? = pieces.last else {
            throw .invalidRequest(
                "The template of \(id) has no place for images or sounds there: it leaves one out, or ends with one.",
                param: param,
                code: markers.notSupported
            )
        }
        var text = ""
        var least = 0
        var parts: [PromptPart] = []
        for piece in pieces {
            switch piece {
            case .text(let piece):
                text += piece
                least += vocabulary.minimumTokenCount(of: String(piece))
                parts.append(.text(String(piece)))
            case .media(let index):
                text += MediaMarkers.shown
                parts.append(try media.part(markers.media[index], for: self, param: param))
            }
        }
        try checkFits(least, param: param)
        let content: PromptContent
        do throws(LlamaError) {
            let prompt = try projector.prepare(parts)
            content = PromptContent(prompt.items, media: prompt.media, soundTokens: prompt.soundTokens)
        } catch {
            throw .invalidRequest(
                "The images or sounds in '\(param)' can't be used: \(error.reason).",
                param: param,
                code: markers.notReadable
            )
        }
        guard content.tokenCount < contextLength else {
            throw .contextLengthExceeded(limit: contextLength, promptTokens: content.tokenCount, param: param)
        }
        try checkWhole(content, param: param)
        return (text, content)
    }

    /// Refuses an image or sound that has to be computed in one step, and is longer than one.
    private func checkWhole(_ content: PromptContent, param: String) throws(APIError) {
        let most = engine.limits.maxStepTokens
        for case .media(let item) in content.items where item.isWhole && item.tokenCount > most {
            throw .invalidRequest(
                "An image or sound in '\(param)' has \(item.tokenCount) tokens, which this model takes in one step of at most \(most).",
                param: param,
                code: "image_too_large"
            )
        }
    }
}

extension MediaMarkers {
    /// Of the error for a model, or a template, that takes no such media.
    fileprivate var notSupported: String {
        media.allSatisfy(\.isSound) ? "audio_input_not_supported" : "image_input_not_supported"
    }

    /// Of the error for media that the encoder can't take.
    fileprivate var notReadable: String { media.allSatisfy(\.isSound) ? "invalid_audio" : "image_parse_error" }
}
