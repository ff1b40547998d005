import KVStore
import Llama
import RuntimeSupport
import Scheduling
import WireFormat

/// The models that are served, which of them a request means, and those that are loaded.
struct ModelCatalog: Sendable {
    /// The default model first; of each kind, its default first.
    let models: [ServableModel]
    /// Those that transcribe, the default first.
    let transcribers: [TranscriptionFile]
    let transcription: TranscriptionSettings
    /// Ids of models that are installed and can't be served, and what they would do.
    let unusable: [String: ModelTask]
    let pool: ModelPool<LoadedModel>
    /// Whether OpenAI's names stand for the default models.
    let acceptsAliases: Bool
    /// What is done with texts that are too long to be embedded.
    let embeddingOverflow: EmbeddingOverflow
    /// What judges texts.
    let moderator: Moderator
    private let chosen = ChosenModels()

    /// How long a request waits for room while everything that would have to make room is serving.
    static let patience = Duration.seconds(30)

    /// - Parameters:
    ///   - selection: What is installed.
    ///   - budget: What all loaded models may take together.
    ///   - policy: Of every engine.
    ///   - cores: What all engines share.
    ///   - acceptsAliases: Whether OpenAI's names stand for the default models.
    ///   - embeddingOverflow: What is done with texts that are too long to be embedded.
    ///   - transcription: How they are used.
    ///   - store: Where prefixes outlive the process, and the keys whose they are.
    ///   - abort: Raised, it cuts off loads that are under way.
    init(
        _ selection: ModelSelection,
        budget: MemoryBudget,
        policy: SchedulingPolicy,
        cores: CoreArbiter,
        acceptsAliases: Bool,
        embeddingOverflow: EmbeddingOverflow = .refuse,
        transcription: TranscriptionSettings = TranscriptionSettings(),
        store: (store: KVStore, keys: [String])? = nil,
        abort: AbortFlag = AbortFlag()
    ) {
        models = selection.models
        transcribers = selection.transcribers
        self.transcription = transcription
        unusable = selection.unusable
        self.acceptsAliases = acceptsAliases
        self.embeddingOverflow = embeddingOverflow
        moderator = Moderator()
        let known = Dictionary(uniqueKeysWithValues: models.map { ($0.id, $0) })
        let whisper = Dictionary(transcribers.map { ($0.id, $0) }) { first, _ in first }
        pool = ModelPool(
            PoolState(
                budget: budget,
                costs: known.mapValues(\.memory).merging(whisper.mapValues(\.memory)) { first, _ in first },
                maxWaiting: policy.maxWaiting
            ),
            patience: { try await Task.sleep(for: Self.patience) },
            load: { id in
                if let file = whisper[id] {
                    return .transcription(try await onThread("load") { try TranscriptionModel(file, transcription) })
                }
                guard let model = known[id] else { throw PoolError.loadFailed(id, "there is no such model") }
                if model.kind == .speech {
                    let waiting = policy.maxWaiting
                    return .speech(
                        try await onThread("load") {
                            try NeuralSpeech(model, maxWaiting: waiting, cores: cores, abort: abort)
                        }
                    )
                }
                guard model.kind == .chat else {
                    return .embedding(
                        try await onThread("load") {
                            try EmbeddingModel(model, policy: policy, cores: cores, abort: abort)
                        }
                    )
                }
                let loaded = try await onThread("load") {
                    try ChatModel(model, policy: policy, cores: cores, store: store, abort: abort)
                }
                await loaded.startStoring()
                return .chat(loaded)
            },
            unload: { model in
                await model.stop()
                Log("model").info("\(model.id) is unloaded")
            }
        )
    }

    /// The model of a name, whatever it serves; without one, the chat model that the caller chose, or else the default model.
    ///
    /// - Throws: 404 `model_not_found`, or 400 `model_unusable`.
    func model(_ name: String?) throws(APIError) -> ServableModel {
        guard let name else {
            guard let model = standard else { throw absence(of: .chat) }
            return model
        }
        if let model = own(name) { return model }
        if transcriber(named: name) != nil { throw .transcribesAlone(name) }
        if unusable[name] != nil { throw .unusableModel(name) }
        guard acceptsAliases, let kind = ModelAliases.kind(name), let model = standard(kind) else {
            throw APIError.modelNotFound(name)
        }
        return model
    }

    /// The model of the caller's requests that name none; nil where nothing is installed.
    var standard: ServableModel? { chosenModel ?? models.first }

    /// What the caller's requests that name no model chat with, where it has chosen.
    private var chosenModel: ServableModel? {
        chosen[Caller.owner].flatMap { choice in models.first { $0.id == choice && $0.kind == .chat } }
    }

    /// Those that chat and are loaded now.
    var loaded: [ChatModel] {
        models.compactMap { model in
            if case .loaded(let loaded, _, _) = pool.phase(model.id) { loaded.chat } else { nil }
        }
    }

    /// The model that has this id, or file name.
    private func own(_ name: String) -> ServableModel? {
        models.first { $0.id == name } ?? models.first { $0.file.id == name }
    }

    /// Whether a model is called so, or was not named: not so where OpenAI's name stands for one.
    func has(_ name: String?) -> Bool { name.map { own($0) != nil } ?? true }

    /// The default model of a kind.
    func standard(_ kind: ModelFile.Kind) -> ServableModel? { models.first { $0.kind == kind } }

    /// The model of a request that needs one of a kind; without a name, the default one.
    ///
    /// - Throws: 404 `model_not_found`, 400 `model_unusable`, or 400 `unsupported_model` for one of another kind.
    private func model(_ name: String?, of kind: ModelFile.Kind, for task: ModelTask) throws(APIError) -> ServableModel
    {
        let standard = kind == .chat ? chosenModel ?? standard(kind) : standard(kind)
        let model: ServableModel
        do throws(APIError) {
            guard let found = try name.map(self.model) ?? standard else { throw absence(of: task) }
            model = found
        } catch {
            // What to install is of more use than that there is no such name.
            throw error.status == 404 && standard == nil ? absence(of: task) : error
        }
        guard model.kind == kind else { throw .wrongKind(name ?? model.id, model.kind, wanted: kind) }
        return model
    }

    /// Makes it the model of the caller's requests that name none.
    func choose(_ model: ServableModel) { chosen[Caller.owner] = model.id }

    /// The model of a request, loaded and kept so for as long as the lease is held.
    ///
    /// - Throws: `APIError` where there is no such model, or it can't be loaded now; `CancellationError` where the client
    ///   went away.
    func lease(_ name: String?) async throws -> ModelLease<ChatModel> {
        let lease = try await lease(model(name, of: .chat, for: .chat))
        guard let chat = lease.map(\.chat) else { throw APIError.internalServer }
        return chat
    }

    /// The same for a model that embeds.
    ///
    /// - Throws: As `lease`.
    func leaseEmbedding(_ name: String?) async throws -> ModelLease<EmbeddingModel> {
        try await leaseEmbedding(model(name, of: .embedding, for: .embeddings))
    }

    /// The same for a reranker, or a model that embeds: the one that is named, or else the default reranker, or where
    /// there is none the default model that embeds.
    ///
    /// - Throws: As `lease`.
    func leaseReranker(_ name: String?) async throws -> ModelLease<EmbeddingModel> {
        let found: ServableModel
        if let name, has(name) || ModelAliases.kind(name) != nil {
            found = try model(name)
            guard found.kind != .chat else { throw APIError.wrongKind(name, .chat, wanted: .reranker) }
        } else if let name, unusable[name] != nil {
            found = try model(name)
        } else {
            // Clients of Cohere's and Jina's ask for models by their names.
            guard let standard = standard(.reranker) ?? standard(.embedding) else { throw absence(of: .reranking) }
            if let name, !acceptsAliases { throw APIError.modelNotFound(name) }
            found = standard
        }
        return try await leaseEmbedding(found)
    }

    /// The same for a model that judges texts by their embeddings; names of OpenAI's moderation models stand for the default.
    ///
    /// - Throws: As `lease`.
    func leaseModerator(_ name: String?) async throws -> ModelLease<EmbeddingModel> {
        let isOpenAIs = name.map { acceptsAliases && !has($0) && ModelAliases.moderation.contains($0) } ?? true
        return try await leaseEmbedding(isOpenAIs ? nil : name)
    }

    /// The guard model that judges a request's texts: the one that is named, or the first where none is; nil where an
    /// embedding model does.
    func guardModel(_ name: String?) -> ServableModel? {
        let guards = models.filter { $0.kind == .chat && GuardModel.isOne($0.id) }
        guard let name, has(name) || !acceptsAliases || !ModelAliases.moderation.contains(name) else {
            return guards.first
        }
        return guards.first { $0.id == name || $0.file.id == name }
    }

    /// The same for a model that speaks.
    ///
    /// - Throws: As `lease`.
    func leaseSpeech(_ model: ServableModel) async throws -> ModelLease<NeuralSpeech> {
        let lease = try await lease(model)
        guard let speech = lease.map(\.speech) else { throw APIError.internalServer }
        return speech
    }

    private func leaseEmbedding(_ model: ServableModel) async throws -> ModelLease<EmbeddingModel> {
        let lease = try await lease(model)
        guard let embedding = lease.map(\.embedding) else { throw APIError.internalServer }
        return embedding
    }

    private func lease(_ model: ServableModel) async throws -> ModelLease<LoadedModel> {
        try await lease(id: model.id)
    }

    /// The model of an id, loaded and kept so for as long as the lease is held.
    func lease(id: String) async throws -> ModelLease<LoadedModel> {
        do {
            return try await pool.lease(id)
        } catch let error as PoolError {
            if case .loadFailed = error { Log("model").error(error.description) }
            throw APIError(error)
        }
    }
}

extension APIError {
    /// 400: the model is there, but too large or damaged.
    static func unusableModel(_ id: String) -> APIError {
        APIError(
            status: 400,
            message: "The model `\(id)` is installed, but can't be served here; the server's log says why.",
            param: "model",
            code: "model_unusable"
        )
    }

    /// 400: the model does something else.
    static func wrongKind(_ name: String, _ kind: ModelFile.Kind, wanted: ModelFile.Kind) -> APIError {
        let does = [
            .chat: "generates text", .embedding: "makes embeddings", .reranker: "ranks documents", .speech: "speaks",
        ][kind, default: "does something else"]
        let path = [
            .chat: "/v1/chat/completions", .embedding: "/v1/embeddings", .reranker: "/v1/rerank",
            .speech: "/v1/audio/speech",
        ][kind, default: "/v1/models"]
        return APIError(
            status: 400,
            message: "The model `\(name)` \(does): ask for it at \(path), and here for one of kind \(wanted.rawValue).",
            param: "model",
            code: "unsupported_model"
        )
    }

    /// What a client is told that gets no model.
    init(_ error: PoolError) {
        switch error {
        case .noRoom:
            self = .overloaded(
                "There is no memory for this model while others are serving. Please try again later.",
                retryAfter: 10
            )
        case .lineFull:
            self = .overloaded("Too many requests wait for models to load. Please try again later.", retryAfter: 10)
        case .loadFailed(let id, _):
            self = APIError(
                status: 500,
                message: "The model `\(id)` could not be loaded; the server's log says why.",
                kind: .server,
                param: "model",
                code: "model_load_failed"
            )
        case .stopping: self = .overloaded("The server is stopping.", retryAfter: 5)
        }
    }
}
