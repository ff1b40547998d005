import KVStore
import Llama
import RuntimeSupport
import Scheduling
import WireFormat

/// The models that are served, which of them a request means, and those that are loaded.
struct ModelCatalog: Sendable {
    /// The default model first.
    let models: [ServableModel]
    /// Ids of models that are installed and can't be served.
    let unusable: Set<String>
    let pool: ModelPool<ChatModel>
    /// Whether OpenAI's names stand for the default model.
    let acceptsAliases: Bool
    private let chosen = ChosenModels()

    /// How long a request waits for room while everything that would have to make room is serving.
    static let patience = Duration.seconds(30)

    /// - Parameters:
    ///   - selection: What is installed.
    ///   - budget: What all loaded models may take together.
    ///   - policy: Of every engine.
    ///   - acceptsAliases: Whether OpenAI's names stand for the default model.
    ///   - store: Where prefixes outlive the process, and the keys whose they are.
    ///   - abort: Raised, it cuts off loads that are under way.
    init(
        _ selection: ModelSelection,
        budget: MemoryBudget,
        policy: SchedulingPolicy,
        acceptsAliases: Bool,
        store: (store: KVStore, keys: [String])? = nil,
        abort: AbortFlag = AbortFlag()
    ) {
        models = selection.models
        unusable = selection.unusable
        self.acceptsAliases = acceptsAliases
        let known = Dictionary(uniqueKeysWithValues: models.map { ($0.id, $0) })
        pool = ModelPool(
            PoolState(budget: budget, costs: known.mapValues(\.memory), maxWaiting: policy.maxWaiting),
            patience: { try await Task.sleep(for: Self.patience) },
            load: { id in
                guard let model = known[id] else { throw PoolError.loadFailed(id, "there is no such model") }
                let loaded = try await onThread("load") {
                    try ChatModel(model, policy: policy, store: store, abort: abort)
                }
                await loaded.startStoring()
                return loaded
            },
            unload: { model in
                await model.stop()
                Log("model").info("\(model.id) is unloaded")
            }
        )
    }

    /// The model of a request; without a name, the one that the caller chose, or else the default one.
    ///
    /// - Throws: 404 `model_not_found`, or 400 `model_unusable`.
    func model(_ name: String?) throws(APIError) -> ServableModel {
        let choice = chosen[Caller.owner]
        let standard = models.first { $0.id == choice } ?? models[0]
        guard let name else { return standard }
        if let model = models.first(where: { $0.id == name }) ?? models.first(where: { $0.file.id == name }) {
            return model
        }
        if unusable.contains(name) {
            throw APIError(
                status: 400,
                message: "The model `\(name)` is installed, but can't be served here; the server's log says why.",
                param: "model",
                code: "model_unusable"
            )
        }
        guard acceptsAliases, ModelAliases.contains(name) else { throw APIError.modelNotFound(name) }
        return standard
    }

    /// Makes it the model of the caller's requests that name none.
    func choose(_ model: ServableModel) { chosen[Caller.owner] = model.id }

    /// The model of a request, loaded and kept so for as long as the lease is held.
    ///
    /// - Throws: `APIError` where there is no such model, or it can't be loaded now; `CancellationError` where the client
    ///   went away.
    func lease(_ name: String?) async throws -> ModelLease<ChatModel> {
        let model = try model(name)
        do {
            return try await pool.lease(model.id)
        } catch let error as PoolError {
            if case .loadFailed = error { Log("model").error(error.description) }
            throw APIError(error)
        }
    }

    /// Those that are loaded now, and which of them.
    var loaded: [ChatModel] {
        models.compactMap { model in
            if case .loaded(let loaded, _, _) = pool.phase(model.id) { loaded } else { nil }
        }
    }
}

extension APIError {
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
