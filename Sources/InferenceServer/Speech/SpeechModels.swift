import WireFormat

/// The names of what speaks.
enum SpeechModels {
    /// OpenAI's names, which stand for what speaks here.
    static let aliases: Set = [
        "tts-1", "tts-1-1106", "tts-1-hd", "tts-1-hd-1106", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-03-20",
        "gpt-4o-mini-tts-2025-12-15",
    ]

    /// Refuses a model that does not speak; without a name, what speaks is meant.
    ///
    /// - Throws: 404 `model_not_found`, or 400 `unsupported_model`.
    static func check(_ name: String?, _ catalog: ModelCatalog) throws(APIError) {
        guard let name, name != ESpeakSpeech.name else { return }
        if catalog.acceptsAliases, aliases.contains(name) { return }
        guard catalog.has(name) else { throw .modelNotFound(name) }
        throw APIError(
            status: 400,
            message: "The model `\(name.prefix(100))` does not speak: ask here for `\(ESpeakSpeech.name)`.",
            param: "model",
            code: "unsupported_model"
        )
    }
}
