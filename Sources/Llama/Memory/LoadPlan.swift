/// How a model will be loaded and what memory it will take, computed before anything is loaded.
package struct LoadPlan: Sendable {
    package let path: String
    package let options: LlamaBackend.Options
    package let gpuLayers: Int
    package let memory: ModelMemory
    package let information: LlamaModel.Information
    /// The draft model that is loaded beside it; its part of the memory is counted.
    package let draft: Draft?
    /// The projector of images that is loaded beside it; its part of the memory is counted.
    package let projector: String?

    /// How a draft model will be loaded.
    package struct Draft: Sendable {
        package let path: String
        package let options: LlamaBackend.Options
        package let gpuLayers: Int
    }

    /// Measures the model; blocks for tenths of a second, longer where layers are to be placed.
    ///
    /// - Parameters:
    ///   - path: A readable regular file.
    ///   - options: The context's measures, but for its length.
    ///   - contextLength: Tokens in each sequence; nil: what training and budget allow.
    ///   - placement: Which layers go to a GPU.
    ///   - draft: The file of a draft model that is loaded beside it.
    ///   - projector: The file of a projector of images that is loaded beside it.
    ///   - speech: Its files, of a model that speaks; each sequence is a place for an utterance.
    ///   - budget: What all models may take; this one is measured as if it were alone.
    /// - Throws: `LlamaError` for a file that is no model, `LoadPlanError` where it does not fit.
    package init(
        path: String,
        options: LlamaBackend.Options,
        contextLength: Int?,
        placement: LayerPlacement,
        draft: DraftFile? = nil,
        projector: String? = nil,
        speech: SpeechFiles? = nil,
        budget: MemoryBudget
    ) throws {
        var options = options
        var layers = 0
        if case .layers(let count) = placement, count > 0 {
            guard !budget.gpus.isEmpty else { throw LoadPlanError.noGPU(layers: count) }
            layers = count
        }
        var measure = try LoadMeasure(path: path, gpuLayers: layers, draft: draft, projector: projector, speech: speech)
        information = measure.model.information
        layers = min(layers, information.layers)
        if options.embeds {
            guard information.pooling != .none else { throw LoadPlanError.noPooling }
            options.contextLength = try measure.textLength(options, contextLength, budget)
        } else {
            options.contextLength = try contextLength ?? measure.contextLength(options, budget)
        }
        if options.isUnified, let tokens = options.cacheTokens {
            options.contextLength = min(options.contextLength, tokens)
        }
        if placement == .automatic, !budget.gpus.isEmpty {
            let wanted = options
            layers = try LayerPlacement.most(of: information.layers) { count in
                let measure = try LoadMeasure(
                    path: path,
                    gpuLayers: count,
                    draft: draft,
                    projector: projector,
                    speech: speech
                )
                let memory = try measure.memory(wanted)
                return zip(memory.gpus, budget.gpus).allSatisfy { $0.total <= $1.budget }
            }
            measure = try LoadMeasure(path: path, gpuLayers: layers, draft: draft, projector: projector, speech: speech)
        }
        let memory = try measure.memory(options)
        guard budget.holds(memory) else {
            throw LoadPlanError.doesNotFit(memory, budget, length: options.contextLength)
        }
        self.path = path
        self.options = options
        gpuLayers = layers
        self.memory = memory
        self.projector = projector
        if let draft, let draftOptions = measure.draftOptions(beside: options) {
            self.draft = Draft(path: draft.path, options: draftOptions, gpuLayers: measure.draftLayers)
        } else {
            self.draft = nil
        }
    }
}

extension LoadMeasure {
    /// The longest text that is embedded: as in training, 8,192 tokens at most unless asked for, and less where that would
    /// take more than half of what the weights leave.
    fileprivate func textLength(
        _ options: LlamaBackend.Options,
        _ wanted: Int?,
        _ budget: MemoryBudget
    ) throws -> Int {
        if let wanted { return min(wanted, model.information.trainingContext) }
        var options = options
        options.contextLength = min(model.information.trainingContext, 8192)
        while options.contextLength > options.stepTokens {
            let memory = try memory(options)
            let fits = zip(memory.uses, budget.limits).allSatisfy { use, limit in
                use.total - use.weights <= (limit > use.weights ? limit - use.weights : 0) / 2
            }
            if fits { break }
            options.contextLength /= 2
        }
        return options.contextLength
    }

    /// The longest context that training and budget allow.
    ///
    /// - Throws: `LoadPlanError` where there is none.
    fileprivate func contextLength(_ options: LlamaBackend.Options, _ budget: MemoryBudget) throws -> Int {
        // All that a context takes grows with its length in a straight line, so two of them tell the slope.
        var (short, long) = (options, options)
        (short.contextLength, long.contextLength) = (256, 512)
        let (least, more) = (try memory(short), try memory(long))
        let memories = zip(zip(least.uses, more.uses), budget.limits).map { uses, limit in
            let fixed = uses.0.weights
            return ContextBudget.Memory(
                room: limit > fixed ? limit - fixed : 0,
                bytesPerToken: (Double(uses.1.total) - Double(uses.0.total)) / 256
            )
        }
        let length = ContextBudget.contextLength(
            trainingContext: model.information.trainingContext,
            memories: memories
        )
        guard let length else { throw LoadPlanError.doesNotFit(least, budget, length: 256) }
        return length
    }
}

/// Why a model is not loaded; says which option to change.
package struct LoadPlanError: Error, Sendable, CustomStringConvertible {
    package let description: String

    static func noGPU(layers: Int) -> Self {
        Self(
            description:
                "--gpu-layers \(layers): this build knows no GPU; leave the option out, or build with 'make deps ACCEL=cuda', vulkan or metal"
        )
    }

    static let noPooling = Self(
        description:
            "its file does not say how the vectors of a text's tokens become one (pooling_type), so it can't embed texts"
    )

    static func doesNotFit(_ memory: ModelMemory, _ budget: MemoryBudget, length: Int) -> Self {
        for (use, gpu) in zip(memory.gpus, budget.gpus) where use.total > gpu.budget {
            return Self(
                description:
                    "it needs \(use) on \(gpu.name), which has \(gpu.budget.inMiB) free: use a smaller --gpu-layers, or auto"
            )
        }
        let remedy =
            memory.host.weights >= budget.host
            ? "a smaller model" : "a smaller --ctx-size or --parallel, a smaller model"
        return Self(
            description:
                "with \(length) tokens of context it needs \(memory.host), and the memory budget is \(budget.host.inMiB): use \(remedy), or a larger --memory-budget"
        )
    }
}

extension MemoryUse: CustomStringConvertible {
    package var description: String {
        let kept = states > 0 ? ", saved prefixes \(states.inMiB)" : ""
        return "\(total.inMiB) (weights \(weights.inMiB), KV cache \(cache.inMiB), compute \(compute.inMiB)\(kept))"
    }
}

extension UInt64 {
    /// A number of bytes, in MiB rounded up, as a text.
    package var inMiB: String { "\(self / (1 << 20) + (self % (1 << 20) == 0 ? 0 : 1)) MiB" }
}
