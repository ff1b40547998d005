import Llama
import Whisper
import WireFormat

extension ModelCatalog {
    /// OpenAI's names of models that transcribe.
    static let transcriptionAliases: Set = [
        "whisper-1", "gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-transcribe-2025-03-20", "gpt-4o-mini-transcribe",
        "gpt-4o-mini-transcribe-2025-03-20", "gpt-4o-mini-transcribe-2025-12-15",
    ]

    /// The whisper model of a request, loaded and kept so for as long as the lease is held; without a name, or with one of
    /// OpenAI's, the default one.
    ///
    /// - Throws: `APIError` where there is no such model, or it can't be loaded now; `CancellationError` where the client
    ///   went away.
    func leaseTranscriber(_ name: String?) async throws -> ModelLease<TranscriptionModel> {
        let lease = try await lease(id: try transcriber(name).id)
        guard let model = lease.map(\.transcription) else { throw APIError.internalServer }
        return model
    }

    /// - Throws: 404 `model_not_found`, 400 `model_unusable`, or 400 `unsupported_model`.
    private func transcriber(_ name: String?) throws(APIError) -> TranscriptionFile {
        if let name, let file = transcriber(named: name) { return file }
        if let name {
            if has(name) {
                throw APIError(
                    status: 400,
                    message: "The model `\(name.prefix(100))` does not transcribe: ask here for a whisper model.",
                    param: "model",
                    code: "unsupported_model"
                )
            }
        }
        if let name, unusable[name] != nil { throw .unusableModel(name) }
        guard let file = transcribers.first else { throw absence(of: .transcription) }
        if let name, !acceptsAliases || !Self.transcriptionAliases.contains(name) { throw .modelNotFound(name) }
        return file
    }

    /// The whisper model of this id, or file name.
    func transcriber(named name: String) -> TranscriptionFile? {
        transcribers.first { $0.id == name } ?? transcribers.first { $0.fileID == name }
    }

    /// What a whisper model does now.
    func load(of file: TranscriptionFile) -> TranscriptionLoad {
        guard case .loaded(let loaded, _, _) = pool.phase(file.id), let model = loaded.transcription else {
            return TranscriptionLoad()
        }
        return TranscriptionLoad(running: model.load.running, waiting: model.load.waiting)
    }

    func card(of file: TranscriptionFile) -> ModelCard {
        ModelCard(
            id: file.id,
            created: file.modified,
            ownedBy: "local",
            extras: JSONObject([
                ("status", ["value": .string(status(of: file.id))]),
                (
                    "meta",
                    [
                        "kind": "transcription",
                        "description": .string(
                            "whisper, \(file.information.encoderLayers) + \(file.information.decoderLayers) layers of \(file.information.width)"
                        ),
                        "input_modalities": ["audio"],
                        "multilingual": .bool(file.information.isMultilingual),
                        "window_seconds": JSONValue(Int(file.information.window.components.seconds)),
                        "size_bytes": JSONValue(Int(file.information.fileSize)),
                        "memory_bytes": JSONValue(Int(file.memory.uses.reduce(0) { $0 + $1.total })),
                    ]
                ),
            ])
        )
    }
}

/// How many transcriptions run, and how many wait.
struct TranscriptionLoad {
    var running = 0
    var waiting = 0
}

extension APIError {
    /// 400: a whisper model was asked for something else.
    static func transcribesAlone(_ name: String) -> APIError {
        APIError(
            status: 400,
            message: "The model `\(name.prefix(100))` transcribes: ask for it at /v1/audio/transcriptions.",
            param: "model",
            code: "unsupported_model"
        )
    }
}
