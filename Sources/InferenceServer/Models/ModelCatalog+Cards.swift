import Llama
import WireFormat

extension ModelCatalog {
    /// What `GET /v1/models` lists.
    var cards: [ModelCard] { models.map(card) + transcribers.map(card) }

    /// - Throws: 404 `model_not_found`.
    func card(_ name: String) throws(APIError) -> ModelCard {
        if let file = transcriber(named: name) { return card(of: file) }
        if acceptsAliases, Self.transcriptionAliases.contains(name), let file = transcribers.first {
            return card(of: file)
        }
        return card(of: try model(name))
    }

    /// Whether it is in memory, in a word.
    func status(of model: ServableModel) -> String { status(of: model.id) }

    /// The same for a model's id.
    func status(of id: String) -> String {
        switch pool.phase(id) {
        case .absent, .unloading: "unloaded"
        case .loading: "loading"
        case .loaded: "loaded"
        }
    }

    private func card(of model: ServableModel) -> ModelCard {
        let information = model.plan.information
        var meta = JSONObject([
            ("kind", .string(model.kind.rawValue)),
            ("description", .string(information.description)),
            ("context_length", JSONValue(model.plan.options.contextLength)),
            ("training_context_length", JSONValue(information.trainingContext)),
        ])
        if model.kind == .chat {
            let inputs = ["text"] + (model.seesImages ? ["image"] : []) + (model.hearsSound ? ["audio"] : [])
            meta.append("input_modalities", .array(inputs.map(JSONValue.string)))
        }
        if model.kind == .speech {
            meta.append("input_modalities", ["text"])
            meta.append("output_modalities", ["audio"])
        }
        if model.kind == .embedding { meta.append("dimensions", JSONValue(information.embeddingSize)) }
        meta.append("parameters", JSONValue(Int(information.parameters)))
        meta.append("size_bytes", JSONValue(Int(information.size)))
        meta.append("memory_bytes", JSONValue(Int(model.memory.uses.reduce(0) { $0 + $1.total })))
        return ModelCard(
            id: model.id,
            created: model.file.modified,
            ownedBy: "local",
            extras: JSONObject([
                ("status", ["value": .string(status(of: model))]),
                ("meta", .object(meta)),
            ])
        )
    }
}
