import RuntimeSupport
import Scheduling

/// A model in memory, by what it serves.
enum LoadedModel: Sendable {
    case chat(ChatModel)
    /// One that embeds texts, or a reranker.
    case embedding(EmbeddingModel)
    /// One that speaks.
    case speech(NeuralSpeech)
    /// One that writes down what is said.
    case transcription(TranscriptionModel)

    var id: String {
        switch self {
        case .chat(let model): model.id
        case .embedding(let model): model.id
        case .speech(let model): model.id
        case .transcription(let model): model.id
        }
    }

    /// How long what computes for it has given no sign of life.
    var silence: Duration {
        switch self {
        case .chat(let model): model.engine.heartbeat.silence
        case .embedding(let model): model.engine.heartbeat.silence
        case .speech(let model): model.silence
        case .transcription(let model): model.silence
        }
    }

    var chat: ChatModel? { if case .chat(let model) = self { model } else { nil } }

    var embedding: EmbeddingModel? { if case .embedding(let model) = self { model } else { nil } }

    var speech: NeuralSpeech? { if case .speech(let model) = self { model } else { nil } }
    var transcription: TranscriptionModel? { if case .transcription(let model) = self { model } else { nil } }

    /// Ends everything that it does.
    func stop() async {
        switch self {
        case .chat(let model): await model.stop()
        case .embedding(let model): await model.engine.stop()
        case .speech(let model): await model.stop()
        case .transcription(let model): await model.stop()
        }
    }
}
