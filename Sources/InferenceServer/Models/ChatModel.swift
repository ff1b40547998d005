import KVStore
import Llama
import RuntimeSupport
import Scheduling
import Tokenizer
import WireFormat

/// A loaded chat model with all that serving it needs.
///
/// Shared by all requests.
final class ChatModel: Sendable {
    /// What requests call it.
    let id: String
    let file: ModelFile
    let information: LlamaModel.Information
    let vocabulary: Vocabulary
    let template: ChatTemplate
    /// What makes it see or hear.
    let projector: LlamaProjector?
    private let loaded: LlamaModel
    let engine: InferenceEngine
    /// What lies on disk of it, where the server has a store.
    private let stored: StoredPrefixes?

    /// Tokens of prompt and answer in one request.
    var contextLength: Int { engine.limits.contextLength }

    /// Loads the model and makes its context; blocks for as long as that takes.
    ///
    /// The runtime has been started.
    ///
    /// - Parameters:
    ///   - model: Its plan says how it is loaded.
    ///   - policy: The numbers that shape plans.
    ///   - cores: Shared with other engines.
    ///   - store: Where prefixes outlive the process, and the keys whose they are.
    ///   - abort: Raised, it cuts the loading off.
    /// - Throws: `LlamaError`, or `TokenizerError`.
    init(
        _ model: ServableModel,
        policy: SchedulingPolicy = SchedulingPolicy(),
        cores: CoreArbiter? = nil,
        store: (store: KVStore, keys: [String])? = nil,
        abort: AbortFlag = AbortFlag()
    ) throws {
        let log = Log("model")
        let plan = model.plan
        LlamaRuntime.useBLAS(model.usesBLAS)
        let loaded = try LlamaModel(path: plan.path, gpuLayers: plan.gpuLayers, abort: abort)
        let draft = try plan.draft.map { draft throws(LlamaError) in
            DraftModel(
                model: try LlamaModel(path: draft.path, gpuLayers: draft.gpuLayers, abort: abort),
                options: draft.options
            )
        }
        let heartbeat = Heartbeat()
        let abort = AbortFlag()
        projector = try plan.projector.map { path throws(LlamaError) in
            try LlamaProjector(
                path: path,
                model: loaded,
                threads: plan.options.batchThreads ?? plan.options.threads,
                usesGPU: plan.gpuLayers > 0,
                heartbeat: heartbeat,
                abort: abort
            )
        }
        let backend = try LlamaBackend(
            model: loaded,
            options: plan.options,
            draft: draft,
            projector: projector,
            heartbeat: heartbeat,
            abort: abort
        )
        let taken = try backend.memory()
        if !MemoryBudget(plan.memory).holds(taken) {
            log.warning("\(model.id) takes \(taken.host), more than planned: \(plan.memory.host)")
        }
        var policy = policy
        policy.stateBytes = Int(model.memory.host.states)
        let seat = model.seat(at: cores)
        let costs = Calibration.run(backend, in: seat)
        self.loaded = loaded
        let draftCosts = Calibration.draft(backend, in: seat)
        vocabulary = try loaded.makeVocabulary()
        template = try ChatTemplate(vocabulary: vocabulary)
        engine = InferenceEngine(
            name: "inference",
            backend: backend,
            policy: policy,
            costs: costs,
            draftCosts: draftCosts,
            heartbeat: heartbeat,
            abort: abort,
            board: model.board,
            seat: seat
        )
        stored = store.map { [engine] in
            StoredPrefixes(
                $0.store,
                engine: engine,
                policy: policy,
                fingerprint: StateFingerprint(plan, policy: policy, usesBLAS: model.usesBLAS),
                keys: $0.keys
            )
        }
        information = loaded.information
        id = model.id
        file = model.file
        let (sequences, length, threads) = (plan.options.sequences, plan.options.contextLength, plan.options.threads)
        log.info("\(id): \(information.description), \(sequences) x \(length) tokens of context, \(threads) threads")
        Self.report(costs, policy, log)
        if let draft, let guess = draftCosts.decode(1) {
            log.info("\(id): \(draft.model.path) drafts for it, \(Self.milliseconds(guess)) a guess")
        }
        if let path = plan.projector { log.info("\(id): \(model.senses), with \(path)") }
        if let stored {
            log.info("\(id): \(stored.count) stored states are of its kind")
            if policy.stateBytes == 0 { log.warning("\(id): --kv-store does nothing without memory for --cache-ram") }
        }
        if length > information.trainingContext {
            log.warning("--ctx-size \(length) is more than the \(information.trainingContext) tokens of its training")
        }
        if !template.isExplicit { log.warning("\(id) brings no chat template; ChatML stands in for it") }
    }

    /// Submits work, for which a stored prefix is read first where it is worth it.
    ///
    /// - Throws: Why none was admitted.
    func submit(_ works: [Work], owner: Owner, priority: Scheduling.Priority = .interactive)
        async throws(SchedulingError) -> [RequestStream]
    {
        if let stored { return try await stored.submit(works, owner: owner, priority: priority) }
        return try await engine.submit(works, owner: owner, priority: priority)
    }

    /// Makes ahead, off the engine's thread, what a request's sampler takes time to make, such as its grammar.
    ///
    /// - Parameters:
    ///   - sampling: The request's.
    ///   - grammarParameter: What the request calls what the grammar was made of.
    /// - Throws: 400 where the grammar is none, or a number is of no use.
    func prepare(_ sampling: Sampling, grammarParameter: String = "grammar") throws(APIError) {
        do {
            try loaded.prepare(sampling)
        } catch {
            guard error.code == .invalidArgument else { throw .internalServer }
            let param = sampling.grammar == nil ? "samplers" : grammarParameter
            throw .invalidRequest("Invalid '\(param)': \(error.reason).", param: param, code: "invalid_value")
        }
    }

    /// Begins to keep what is computed, where the server has a store.
    func startStoring() async { await stored?.start() }

    /// Ends everything; what is worth keeping is stored before.
    func stop() async {
        await stored?.finish()
        await engine.stop()
    }

    private static func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded(.up))) ms" }

    /// Says what the promised gap comes to on this machine.
    private static func report(_ costs: StepCosts, _ policy: SchedulingPolicy, _ log: Log) {
        guard let step = costs.decode(1),
            let shortest = costs.estimate(StepLoad(decoding: 1, promptTokens: policy.smallestChunk))
        else { return }
        let promised = policy.maxGap / .seconds(1)
        if shortest > promised {
            log.warning(
                "a long prompt makes gaps of about \(milliseconds(shortest)) in running streams: the shortest chunk takes longer than the \(milliseconds(promised)) of --max-gap-ms"
            )
        } else {
            log.info(
                "a step of one stream takes \(milliseconds(step)); a long prompt makes gaps of at most \(milliseconds(promised))"
            )
        }
    }
}
