import Llama
import WireFormat

/// What speaks, by the names that requests have for it.
enum SpeechModels {
    /// OpenAI's names, which stand for what speaks here.
    static let aliases: Set = [
        "tts-1", "tts-1-1106", "tts-1-hd", "tts-1-hd-1106", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-03-20",
        "gpt-4o-mini-tts-2025-12-15",
    ]

    /// The neural model that a request means; nil for espeak-ng.
    ///
    /// Without a name, or under one of OpenAI's, that is the default neural model, where one is installed.
    ///
    /// - Throws: 404 `model_not_found`, 400 `model_unusable`, or 400 `unsupported_model`.
    static func neural(_ name: String?, _ catalog: ModelCatalog) throws(APIError) -> ServableModel? {
        guard let name else { return catalog.standard(.speech) }
        if name == ESpeakSpeech.name { return nil }
        if !catalog.has(name), catalog.acceptsAliases, aliases.contains(name) { return catalog.standard(.speech) }
        let model = try catalog.model(name)
        guard catalog.has(name) else { throw .modelNotFound(name) }
        guard model.kind == .speech else {
            let instead = ([ESpeakSpeech.name] + catalog.models.filter { $0.kind == .speech }.map(\.id))
                .map { "`\($0)`" }.joined(separator: ", ")
            throw APIError(
                status: 400,
                message: "The model `\(name.prefix(100))` does not speak: ask here for one of \(instead).",
                param: "model",
                code: "unsupported_model"
            )
        }
        return model
    }
}
