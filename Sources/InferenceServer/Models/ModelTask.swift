import Llama
import WireFormat

/// What models are there for; each task takes files of its own.
enum ModelTask: String, CaseIterable {
    case chat
    case embeddings = "embeddings and moderations"
    case reranking, transcription, speech

    /// What models of a kind are there for; nil where they are not served.
    init?(_ kind: ModelFile.Kind) {
        switch kind {
        case .chat: self = .chat
        case .embedding: self = .embeddings
        case .reranker: self = .reranking
        case .speech: self = .speech
        case .projector, .unknown: return nil
        }
    }

    /// What the folder of models must hold for it.
    var file: String {
        switch self {
        case .chat: "a GGUF file of a language model, such as SmolLM2-135M-Instruct.Q4_1.gguf"
        case .embeddings: "a GGUF file of a model that embeds, such as all-MiniLM-L6-v2.F16.gguf"
        case .reranking: "a GGUF file of a reranker, such as bge-reranker-v2-m3-Q8_0.gguf, or of a model that embeds"
        case .transcription: "a whisper model in whisper.cpp's format, such as ggml-base.bin"
        case .speech: "the two GGUF files of a neural model, NAME.gguf and mmproj-NAME.gguf"
        }
    }

    /// That nothing is installed for it, and what to do.
    var absence: String {
        "This server has no model for \(rawValue): put \(file), into its folder of models (--models-dir), and start it again."
    }
}

extension ModelCatalog {
    /// The model that does a task for requests that name none; nil where none is installed for it.
    func defaultID(for task: ModelTask) -> String? {
        switch task {
        case .chat: standard(.chat)?.id
        case .embeddings: standard(.embedding)?.id
        case .reranking: (standard(.reranker) ?? standard(.embedding))?.id
        case .transcription: transcribers.first?.id
        case .speech: standard(.speech)?.id
        }
    }

    /// Why nothing does a task: 400 `model_unusable` where what is installed for it can't be served, or else 404
    /// `model_not_found`, with which file is to be put where.
    func absence(of task: ModelTask) -> APIError {
        if let id = unusable.filter({ $0.value == task }).keys.min() { return .unusableModel(id) }
        return APIError(status: 404, message: task.absence, param: "model", code: "model_not_found")
    }
}
