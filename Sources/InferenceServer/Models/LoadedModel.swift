import Scheduling

/// A model in memory, by what it serves.
enum LoadedModel: Sendable {
    case chat(ChatModel)
    /// One that embeds texts, or a reranker.
    case embedding(EmbeddingModel)
    /// One that writes down what is said.
    case transcription(TranscriptionModel)

    var id: String {
        switch self {
        case .chat(let model): model.id
        case .embedding(let model): model.id
        case .transcription(let model): model.id
        }
    }

    /// What computes its steps; transcriptions have threads of their own.
    var engine: InferenceEngine? {
        switch self {
        case .chat(let model): model.engine
        case .embedding(let model): model.engine
        case .transcription: nil
        }
    }

    var chat: ChatModel? { if case .chat(let model) = self { model } else { nil } }

    var embedding: EmbeddingModel? { if case .embedding(let model) = self { model } else { nil } }

    var transcription: TranscriptionModel? { if case .transcription(let model) = self { model } else { nil } }

    /// Ends everything that it does.
    func stop() async {
        switch self {
        case .chat(let model): await model.stop()
        case .embedding(let model): await model.engine.stop()
        case .transcription(let model): await model.stop()
        }
    }
}
