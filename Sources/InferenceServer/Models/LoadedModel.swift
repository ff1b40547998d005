import Scheduling

/// A model in memory, by what it serves.
enum LoadedModel: Sendable {
    case chat(ChatModel)
    /// One that embeds texts, or a reranker.
    case embedding(EmbeddingModel)

    var id: String {
        switch self {
        case .chat(let model): model.id
        case .embedding(let model): model.id
        }
    }

    var engine: InferenceEngine {
        switch self {
        case .chat(let model): model.engine
        case .embedding(let model): model.engine
        }
    }

    var chat: ChatModel? { if case .chat(let model) = self { model } else { nil } }

    var embedding: EmbeddingModel? { if case .embedding(let model) = self { model } else { nil } }

    /// Ends everything that it does.
    func stop() async {
        switch self {
        case .chat(let model): await model.stop()
        case .embedding(let model): await model.engine.stop()
        }
    }
}
