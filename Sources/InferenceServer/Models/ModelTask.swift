import Llama
import WireFormat

/// What models are there for; each task takes files of its own.
enum ModelTask: String, CaseIterable {
    case chat
    case embeddings = "embeddings and moderations"
    case reranking, transcription, speech

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
}

extension APIError {
    /// 404: nothing is installed for a task, and which file is to be put where.
    static func noModel(_ task: ModelTask) -> APIError {
        APIError(status: 404, message: task.absence, param: "model", code: "model_not_found")
    }
}
