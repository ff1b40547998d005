import Llama
import RuntimeSupport
import Scheduling
import Tokenizer

/// A loaded model that makes a vector of a text, or scores of a query and a document.
///
/// Shared by all requests.
final class EmbeddingModel: Sendable {
    /// What requests call it.
    let id: String
    let information: LlamaModel.Information
    let vocabulary: Vocabulary
    let engine: InferenceEngine
    /// How a reranker of this kind wants its query and document; nil: one behind the other, with the usual tokens.
    let rankTemplate: String?

    /// Whether it gives scores rather than vectors.
    var ranks: Bool { information.pooling == .rank }

    /// Numbers in a vector; of a reranker, how many scores it gives.
    var dimensions: Int { information.embeddingSize }

    /// Tokens of the longest text, the special ones included.
    var maxTokens: Int { engine.limits.contextLength }

    /// Loads the model and makes its context; blocks for as long as that takes.
    ///
    /// The runtime has been started.
    ///
    /// - Parameters:
    ///   - model: Its plan says how it is loaded.
    ///   - policy: The numbers that shape plans.
    ///   - cores: Shared with other engines.
    ///   - abort: Raised, it cuts the loading off.
    /// - Throws: `LlamaError`, or `TokenizerError`.
    init(
        _ model: ServableModel,
        policy: SchedulingPolicy,
        cores: CoreArbiter? = nil,
        abort: AbortFlag = AbortFlag()
    ) throws {
        let plan = model.plan
        LlamaRuntime.useBLAS(model.usesBLAS)
        let loaded = try LlamaModel(path: plan.path, gpuLayers: plan.gpuLayers, abort: abort)
        let heartbeat = Heartbeat()
        let abort = AbortFlag()
        let backend = try LlamaBackend(model: loaded, options: plan.options, heartbeat: heartbeat, abort: abort)
        let seat = model.seat(at: cores)
        let costs = Calibration.run(backend, in: seat)
        vocabulary = try loaded.makeVocabulary()
        information = loaded.information
        rankTemplate = ModelFile.rankTemplate(path: plan.path)
        id = model.id
        engine = InferenceEngine(
            name: "embedding",
            backend: backend,
            policy: policy,
            costs: costs,
            heartbeat: heartbeat,
            abort: abort,
            board: model.board,
            seat: seat
        )
        let what = ranks ? "scores" : "vectors of \(dimensions) numbers"
        Log("model").info("\(id): \(information.description), \(what), texts of up to \(maxTokens) tokens")
    }
}
