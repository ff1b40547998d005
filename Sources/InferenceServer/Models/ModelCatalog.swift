import Llama
import WireFormat

/// The loaded models, and which of them a request means.
struct ModelCatalog: Sendable {
    let chat: ChatModel
    /// Whether OpenAI's names stand for the default model.
    let acceptsAliases: Bool

    /// The model of a request; without a name, the default one.
    ///
    /// - Throws: 404 `model_not_found`.
    func chatModel(_ name: String?) throws(APIError) -> ChatModel {
        guard let name, name != chat.id, name != chat.file.id else { return chat }
        guard acceptsAliases, ModelAliases.contains(name) else { throw APIError.modelNotFound(name) }
        return chat
    }

    /// What `GET /v1/models` lists.
    var cards: [ModelCard] { [card(of: chat)] }

    /// - Throws: 404 `model_not_found`.
    func card(_ name: String) throws(APIError) -> ModelCard { card(of: try chatModel(name)) }

    private func card(of model: ChatModel) -> ModelCard {
        ModelCard(
            id: model.id,
            created: model.file.modified,
            ownedBy: "local",
            extras: JSONObject([
                (
                    "meta",
                    [
                        "description": .string(model.information.description),
                        "context_length": JSONValue(model.contextLength),
                        "training_context_length": JSONValue(model.information.trainingContext),
                        "parameters": JSONValue(Int(model.information.parameters)),
                        "size_bytes": JSONValue(Int(model.information.size)),
                    ]
                )
            ])
        )
    }
}
