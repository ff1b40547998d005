package import RuntimeSupport
package import Scheduling

/// Carries out token steps with llama.cpp, or embedding steps: one context, a sampler for each request; and, where there is a
/// draft model, draft steps with a context of that.
package final class LlamaBackend: Backend {
    package struct Options: Sendable, Equatable {
        /// Tokens of prompt and answer in one sequence.
        package var contextLength: Int
        package var sequences: Int
        /// For a step of one token.
        package var threads: Int
        /// For steps of several tokens; nil: as many as for one.
        package var batchThreads: Int?
        /// Whether steps have fewer threads while other programs keep cores busy.
        package var yieldsCores = false
        /// Tokens in one step.
        package var stepTokens: Int
        package var flashAttention: FlashAttention = .automatic
        /// What keys and values are stored as; quantized values need flash attention.
        package var keyType: CacheType = .f16
        package var valueType: CacheType = .f16
        /// Whether all sequences share one pool of cells.
        ///
        /// Copies between sequences then cost nothing, and attention looks at everybody's cells.
        package var isUnified = false
        /// Cells of the pool; nil: as many as all sequences could fill.
        package var cacheTokens: Int?

        /// Whether it embeds texts rather than generating.
        ///
        /// `sequences` is then the number of texts in a step, and `contextLength` the length of the longest.
        package var embeds = false

        package init(contextLength: Int, sequences: Int, threads: Int, stepTokens: Int = 512) {
            self.contextLength = contextLength
            self.sequences = sequences
            self.threads = threads
            self.stepTokens = stepTokens
        }
    }

    package let limits: BackendLimits
    let context: LlamaContext
    private let drafter: LlamaDrafter?
    let projector: LlamaProjector?
    /// The vectors of images and sounds; the scheduler says which are kept.
    var encodings: [EncodingKey: [Float]] = [:]
    /// An encoding of which a part is done.
    var begunEncoding: (key: EncodingKey, encoding: PacedEncoding)?
    private var samplers: [RequestID: LlamaSampler] = [:]
    private var states: [StateID: SequenceState] = [:]
    private let log = Log("engine")
    private let threads: (single: Int, batch: Int)
    private var threadBudget: ThreadBudget?

    /// Makes the context; blocks while its memory is set up.
    ///
    /// - Parameters:
    ///   - model: Kept alive.
    ///   - options: The context's measures.
    ///   - draft: A smaller model that guesses ahead for this one.
    ///   - projector: What encodes images and sound for this model.
    ///   - heartbeat: Beaten while a step computes.
    ///   - abort: Polled while a step computes; raised, it cuts the step off.
    /// - Throws: `LlamaError`, most likely for want of memory.
    package init(
        model: LlamaModel,
        options: Options,
        draft: DraftModel? = nil,
        projector: LlamaProjector? = nil,
        heartbeat: Heartbeat = Heartbeat(),
        abort: AbortFlag = AbortFlag()
    ) throws(LlamaError) {
        let options = options.feasible
        self.projector = projector
        let watch = StepWatch(heartbeat: heartbeat, abort: abort)
        context = try LlamaContext(model: model, options: options, watch: watch)
        if let draft {
            drafter = try LlamaDrafter(DraftModel(model: draft.model, options: draft.options.feasible), watch: watch)
        } else {
            drafter = nil
        }
        threads = (options.threads, options.batchThreads ?? options.threads)
        if options.yieldsCores {
            let cores = CoreTimes.usableCores.count
            threadBudget = ThreadBudget(most: max(threads.single, threads.batch), cores: cores)
        }
        let cacheTokens = options.sequences * context.contextLength
        let cacheBytesPerToken = options.cacheBytesPerToken(of: model)
        var limits = BackendLimits(
            maxSequences: options.sequences,
            // llama.cpp rounds up; what was asked for is what requests are held to.
            contextLength: min(options.contextLength, context.contextLength),
            maxStepTokens: options.stepTokens,
            maxEmbeddingTokens: options.embeds ? options.stepTokens : 0,
            generates: !options.embeds,
            embeds: options.embeds,
            encodesMedia: projector != nil,
            cutsSequences: context.cutsSequences,
            cutsStates: context.cutsStates,
            copyCost: options.isUnified
                ? 0 : Self.copyCost(of: model, bytes: cacheBytesPerToken * Double(context.contextLength) / 3),
            cacheTokens: options.isUnified ? min(options.cacheTokens ?? cacheTokens, cacheTokens) : cacheTokens,
            stateBytes: try Self.fixedStateBytes(context),
            stateBytesPerToken: Int(cacheBytesPerToken)
        )
        limits.encodingBytesPerToken = (projector?.width ?? 0) * MemoryLayout<Float>.size
        limits.draftContextLength = drafter?.contextLength ?? 0
        self.limits = limits
    }

    deinit { begunEncoding?.encoding.giveUp() }

    /// A copy moves a third of a sequence's cells at least, however few of them are filled.
    ///
    /// Ten bytes are read and written in about the time of two hundred multiplications and additions, of which a token
    /// takes one for each parameter.
    private static func copyCost(of model: LlamaModel, bytes: Double) -> Int {
        Int(min(1e6, 20 * bytes / Double(max(1, model.information.parameters))))
    }

    /// What the state of recurrent memory takes, whose size does not depend on how much it has read.
    private static func fixedStateBytes(_ context: borrowing LlamaContext) throws(LlamaError) -> Int {
        guard !context.cutsSequences, !context.embeds else { return 0 }
        let sequence = SequenceID(rawValue: 0)
        context.clearBatch()
        _ = try context.add(0, position: 0, sequence: sequence, wantsLogits: false)
        _ = try context.decode()
        let size = context.stateSize(of: sequence)
        try context.clear(sequence)
        return size
    }

    /// What the models and their contexts take: what a plan has to foretell.
    package func memory() throws(LlamaError) -> ModelMemory {
        let memory = try context.memory()
        guard let drafter else { return memory }
        return memory + (try drafter.memory())
    }

    package func run(_ plan: BatchPlan) -> StepOutcome {
        for (index, operation) in plan.operations.enumerated() {
            do {
                try apply(operation, isLastMove: !plan.operations[(index + 1)...].contains(where: \.movesMemory))
            } catch {
                log.warning(error.description)
                return .operationFailed(index: index, error.description)
            }
        }
        do {
            switch plan.step {
            case .tokens(let slices): return try decode(slices)
            case .draft(let slices): return guess(slices)
            case .embeddings(let texts): return try embed(texts)
            case .encode(let step): return try encode(step)
            case .media(let slice): return try decode(slice)
            }
        } catch {
            return .failed(error.description)
        }
    }

    /// Guesses of the draft model; the scheduler asks for no more of them once a step has failed.
    private func guess(_ slices: [DraftSlice]) -> StepOutcome {
        do throws(LlamaError) {
            try yieldCores()
            guard let drafter else { return .failed("there is no draft model") }
            let outcome = try drafter.run(slices)
            if case .noRoom = outcome { log.warning("the draft model is not used any more: its KV cache has no room") }
            return outcome
        } catch {
            log.warning("the draft model is not used any more: \(error.description)")
            return .failed(error.description)
        }
    }

    private func apply(_ operation: SequenceOperation, isLastMove: Bool) throws(LlamaError) {
        switch operation {
        case .clear(let sequence): try context.clear(sequence)
        case .cut(let sequence, let position): try context.cut(sequence, toPosition: position)
        case .copy(let source, let target, let position):
            try context.copy(from: source, to: target, upTo: position, mayDefer: isLastMove)
        case .save(let sequence, let id): states[id] = .saved(try context.save(sequence))
        case .restore(let id, let sequence):
            try context.restore(state(id), to: sequence)
        case .forget(let id): states[id] = nil
        case .startSampling(let request, let sampling):
            samplers[request] = try LlamaSampler(
                model: context.model,
                sampling: sampling,
                penaltyWindow: limits.contextLength
            )
        case .endSampling(let request): samplers[request] = nil
        }
    }

    private func state(_ id: StateID) throws(LlamaError) -> SequenceState {
        guard let state = states[id] else {
            throw LlamaError(code: .failed, description: "\(id) was never saved", status: 0)
        }
        return state
    }

    package func content(of sequence: SequenceID) throws -> [UInt8] { try context.save(sequence).bytes }

    package func content(of state: StateID) throws -> [UInt8] { try self.state(state).bytes }

    package func keep(_ content: [UInt8], as state: StateID) { states[state] = .read(content) }

    /// Looks, a few times a second, whether other programs need cores.
    func yieldCores() throws(LlamaError) {
        guard var budget = threadBudget, budget.isDue(at: CoreTimes.moment), let times = CoreTimes.now() else { return }
        let before = budget.threads
        budget.note(times)
        threadBudget = budget
        guard budget.threads != before else { return }
        log.debug("other programs use the cores otherwise than before: \(budget.threads) threads from now on")
        let (single, batch) = (min(threads.single, budget.threads), min(threads.batch, budget.threads))
        try context.setThreads(single, batch: batch)
        try drafter?.setThreads(single, batch: batch)
    }

    private func decode(_ slices: [TokenSlice]) throws(LlamaError) -> StepOutcome {
        try yieldCores()
        guard !slices.isEmpty else { return .sampled([]) }
        context.clearBatch()
        // llama.cpp computes sequences in one pass only where their numbers follow each other in the batch.
        let order = slices.indices.sorted { slices[$0].sequence.rawValue < slices[$1].sequence.rawValue }
        var firstOutputs: [Int: Int32] = [:]
        var scoredOutputs: [Int: [Int32]] = [:]
        for place in order {
            let slice = slices[place]
            let firstOutput = slice.samples ? slice.tokens.count - 1 - slice.drafts : slice.tokens.count
            let scored = slice.scores.map { $0.offset..<$0.offset + $0.targets.count } ?? 0..<0
            for (offset, token) in slice.tokens.enumerated() {
                let index = try context.add(
                    token,
                    position: slice.position + offset,
                    sequence: slice.sequence,
                    wantsLogits: offset >= firstOutput || scored.contains(offset)
                )
                if offset == firstOutput { firstOutputs[place] = index }
                if scored.contains(offset) { scoredOutputs[place, default: []].append(index) }
            }
        }
        switch try context.decode() {
        case .noRoom: return .noRoom
        case .aborted: return .aborted
        case .decoded:
            let scores = try score(slices, scoredOutputs)
            return .sampled(try sample(slices, firstOutputs), scores: scores)
        }
    }

    /// The probabilities of each slice that scores.
    private func score(
        _ slices: [TokenSlice],
        _ outputs: [Int: [Int32]]
    ) throws(LlamaError) -> [[TokenProbabilities]] {
        var all: [[TokenProbabilities]] = []
        for (place, slice) in slices.enumerated() {
            guard let scores = slice.scores, let indices = outputs[place] else { continue }
            all.append(try context.score(indices, targets: scores.targets, top: scores.top))
        }
        return all
    }

    /// What follows each slice that samples: first one token for each, then, for those whose token was guessed, the next,
    /// until a guess was wrong.
    private func sample(_ slices: [TokenSlice], _ firstOutputs: [Int: Int32]) throws(LlamaError) -> [[SampledToken]] {
        let places = slices.indices.filter { slices[$0].samples }
        var sampled = Array(repeating: [SampledToken](), count: slices.count)
        var open = places
        var round = 0
        while !open.isEmpty {
            var choices: [(sampler: LlamaSampler, index: Int32)] = []
            for place in open {
                guard let sampler = samplers[slices[place].request], let index = firstOutputs[place] else {
                    throw LlamaError(code: .failed, description: "a request has no sampler", status: 0)
                }
                choices.append((sampler, index + Int32(round)))
            }
            let tokens = try LlamaSampler.sample(choices, from: context)
            open = zip(open, tokens).compactMap { place, token in
                guard let token else { return nil }
                sampled[place].append(token)
                let drafts = slices[place].tokens.suffix(slices[place].drafts)
                guard round < drafts.count, !token.endsGeneration else { return nil }
                return drafts[drafts.startIndex + round] == token.token ? place : nil
            }
            round += 1
        }
        return places.map { sampled[$0] }
    }
}
