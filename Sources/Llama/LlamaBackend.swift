package import RuntimeSupport
package import Scheduling

/// Carries out token steps with llama.cpp: one context, one sampler for each sequence.
package final class LlamaBackend: Backend {
    package struct Options: Sendable {
        /// Tokens of prompt and answer in one sequence.
        package var contextLength: Int
        package var sequences: Int
        package var threads: Int
        /// Tokens in one step.
        package var stepTokens: Int

        package init(contextLength: Int, sequences: Int, threads: Int, stepTokens: Int = 512) {
            self.contextLength = contextLength
            self.sequences = sequences
            self.threads = threads
            self.stepTokens = stepTokens
        }
    }

    package let limits: BackendLimits
    private let context: LlamaContext
    private var samplers: [SequenceID: LlamaSampler] = [:]

    /// Makes the context; blocks while its memory is set up.
    ///
    /// - Parameters:
    ///   - model: Kept alive.
    ///   - options: The context's measures.
    ///   - heartbeat: Beaten while a step computes.
    ///   - abort: Polled while a step computes; raised, it cuts the step off.
    /// - Throws: `LlamaError`, most likely for want of memory.
    package init(
        model: LlamaModel,
        options: Options,
        heartbeat: Heartbeat = Heartbeat(),
        abort: AbortFlag = AbortFlag()
    ) throws(LlamaError) {
        let options = options.feasible
        context = try LlamaContext(
            model: model,
            options: options,
            watch: StepWatch(heartbeat: heartbeat, abort: abort)
        )
        limits = BackendLimits(
            maxSequences: options.sequences,
            // llama.cpp rounds up; what was asked for is what requests are held to.
            contextLength: min(options.contextLength, context.contextLength),
            maxStepTokens: options.stepTokens,
            cutsSequences: context.cutsSequences,
            copyCost: Self.copyCost(of: model, contextLength: context.contextLength)
        )
    }

    /// A copy moves the whole stream of a sequence, however much of it is filled.
    ///
    /// Ten bytes are read and written in about the time of two hundred multiplications and additions, of which a token
    /// takes one for each parameter.
    private static func copyCost(of model: LlamaModel, contextLength: Int) -> Int {
        let bytes = Double(model.information.cacheBytesPerToken) * Double(contextLength)
        return Int(min(1e6, 20 * bytes / Double(max(1, model.information.parameters))))
    }

    /// What the model and its context take: what a plan has to foretell.
    package func memory() throws(LlamaError) -> ModelMemory { try context.memory() }

    package func run(_ plan: BatchPlan) -> StepOutcome {
        do {
            for operation in plan.operations { try apply(operation) }
            guard case .tokens(let slices) = plan.step else { return .failed("the model has token steps alone") }
            return try decode(slices)
        } catch {
            return .failed(error.description)
        }
    }

    private func apply(_ operation: SequenceOperation) throws(LlamaError) {
        switch operation {
        case .clear(let sequence):
            try context.clear(sequence)
        case .cut(let sequence, let position):
            try context.cut(sequence, toPosition: position)
        case .copy(let source, let target):
            try context.copy(from: source, to: target)
        case .startSampling(let sequence, let sampling):
            samplers[sequence] = try LlamaSampler(
                model: context.model,
                sampling: sampling,
                penaltyWindow: limits.contextLength
            )
        }
    }

    private func decode(_ slices: [TokenSlice]) throws(LlamaError) -> StepOutcome {
        context.clearBatch()
        // llama.cpp computes sequences in one pass only where their numbers follow each other in the batch.
        let order = slices.indices.sorted { slices[$0].sequence.rawValue < slices[$1].sequence.rawValue }
        var outputs: [Int: Int32] = [:]
        for place in order {
            let slice = slices[place]
            var last: Int32 = 0
            for (offset, token) in slice.tokens.enumerated() {
                last = try context.add(
                    token,
                    position: slice.position + offset,
                    sequence: slice.sequence,
                    wantsLogits: slice.samples && offset == slice.tokens.count - 1
                )
            }
            if slice.samples { outputs[place] = last }
        }
        switch try context.decode() {
        case .noRoom: return .noRoom
        case .aborted: return .aborted
        case .decoded: break
        }
        var samples: [SampledToken] = []
        for (place, slice) in slices.enumerated() {
            guard let index = outputs[place] else { continue }
            guard let sampler = samplers[slice.sequence] else { return .failed("a sequence has no sampler") }
            samples.append(try sampler.sample(context, at: index))
        }
        return .sampled(samples)
    }
}
