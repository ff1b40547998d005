import RuntimeSupport
import Scheduling

/// A model in memory, by what it serves.
enum LoadedModel: Sendable {
    case chat(ChatModel)
    /// One that embeds texts, or a reranker.
    case embedding(EmbeddingModel)
    /// One that speaks.
    case speech(NeuralSpeech)

    var id: String {
        switch self {
        case .chat(let model): model.id
        case .embedding(let model): model.id
        case .speech(let model): model.id
        }
    }

    /// Of the thread that computes for it.
    var heartbeat: Heartbeat {
        switch self {
        case .chat(let model): model.engine.heartbeat
        case .embedding(let model): model.engine.heartbeat
        case .speech(let model): model.heartbeat
        }
    }

    var chat: ChatModel? { if case .chat(let model) = self { model } else { nil } }

    var embedding: EmbeddingModel? { if case .embedding(let model) = self { model } else { nil } }

    var speech: NeuralSpeech? { if case .speech(let model) = self { model } else { nil } }

    /// Ends everything that it does.
    func stop() async {
        switch self {
        case .chat(let model): await model.stop()
        case .embedding(let model): await model.engine.stop()
        case .speech(let model): await model.stop()
        }
    }
}
