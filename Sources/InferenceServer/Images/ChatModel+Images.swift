import Llama
import Scheduling
import Tokenizer
import WireFormat

extension ChatModel {
    /// Image tokens of prompts that are waiting or running, at most, before one more with images is refused: prepared, each
    /// takes some tens of kilobytes.
    private static let maximumPreparedTokens = 16_384

    /// Renders and tokenizes a conversation; its images are read on a thread of their own.
    ///
    /// - Parameters:
    ///   - conversation: What is asked.
    ///   - param: What the request calls its turns, for errors.
    ///   - template: What renders it in place of the model's own template.
    /// - Returns: The prompt.
    /// - Throws: As `ChatPrompt`; 429 while too many images wait.
    func prompt(
        _ conversation: Conversation,
        param: String = "messages",
        template: PromptTemplate? = nil
    ) async throws -> ChatPrompt {
        try await reading(conversation.hasImages) { images throws(APIError) in
            try ChatPrompt(conversation, param: param, model: self, template: template, images: images)
        }
    }

    /// Runs what makes prompts, with what reads their images: where there are any, after other requests' images.
    ///
    /// - Throws: What the body throws; 429 while too many images wait.
    func reading<Result: Sendable>(
        _ hasImages: Bool,
        _ body: @escaping @Sendable (ImageReader) throws(APIError) -> Result
    ) async throws -> Result {
        guard hasImages, let projector else { return try body(ImageReader()) }
        return try await ImageGate.shared.run {
            guard projector.preparedTokens <= Self.maximumPreparedTokens else {
                throw APIError.rateLimit("Too many images are waiting. Please try again later.", retryAfter: 5)
            }
            return try body(ImageReader())
        }
    }

    /// - Throws: 400 where there are images that the model does not see, or too many.
    func checkImages(_ images: [ImageSource], param: String) throws(APIError) {
        guard let first = images.first else { return }
        guard projector != nil else {
            throw .invalidRequest(
                "The model \(id) does not see images.",
                param: first.path ?? param,
                code: "image_input_not_supported"
            )
        }
        guard images.count <= ImageReader.maximumCount else {
            throw .invalidRequest(
                "The request holds \(images.count) images; at most \(ImageReader.maximumCount) are read.",
                param: images[ImageReader.maximumCount].path ?? param,
                code: "too_many_images"
            )
        }
    }

    /// Puts images in the places of their markers, and tokenizes the rest.
    ///
    /// - Parameters:
    ///   - rendered: What the template wrote.
    ///   - markers: Of the conversation.
    ///   - images: What decodes them.
    ///   - param: What the request calls its turns, for errors.
    /// - Returns: The prompt as people are shown it, and as the engine takes it.
    /// - Throws: 400 where an image is none, or the prompt does not fit.
    func prepare(
        _ rendered: String,
        _ markers: ImageMarkers,
        _ images: ImageReader,
        param: String
    ) throws(APIError) -> (text: String, content: PromptContent) {
        guard let projector, let pieces = markers.pieces(of: rendered), case .text? = pieces.last else {
            throw .invalidRequest(
                "The template of \(id) has no place for images there: it leaves one out, or ends with one.",
                param: param,
                code: "image_input_not_supported"
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
            case .image(let index):
                text += ImageMarkers.shown
                parts.append(.image(try images.image(markers.images[index], param: param)))
            }
        }
        try checkFits(least, param: param)
        let content: PromptContent
        do throws(LlamaError) {
            let prompt = try projector.prepare(parts)
            content = PromptContent(prompt.items, media: prompt.media)
        } catch {
            throw .invalidRequest(
                "The images in '\(param)' can't be used: \(error.reason).",
                param: param,
                code: "image_parse_error"
            )
        }
        guard content.tokenCount < contextLength else {
            throw .contextLengthExceeded(limit: contextLength, promptTokens: content.tokenCount, param: param)
        }
        try checkWhole(content, param: param)
        return (text, content)
    }

    /// Refuses an image that has to be computed in one step, and is longer than one.
    private func checkWhole(_ content: PromptContent, param: String) throws(APIError) {
        let most = engine.limits.maxStepTokens
        for case .media(let item) in content.items where item.isWhole && item.tokenCount > most {
            throw .invalidRequest(
                "An image in '\(param)' has \(item.tokenCount) tokens, which this model takes in one step of at most \(most).",
                param: param,
                code: "image_too_large"
            )
        }
    }
}
