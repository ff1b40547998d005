import Llama
import RuntimeSupport
import Scheduling
import Speech

/// A model that requests may ask for, loaded or not: its file, and what is known of it before it is loaded.
struct ServableModel: Sendable {
    /// What requests call it.
    let id: String
    let file: ModelFile
    /// What it serves.
    var kind: ModelFile.Kind { file.kind }
    let plan: LoadPlan
    /// Whether it takes images.
    let seesImages: Bool
    /// Whether it takes sound.
    let hearsSound: Bool
    /// Its files, of a model that speaks.
    let speech: SpeechFiles?
    let usesBLAS: Bool
    /// What it takes, the states included that are kept for later requests.
    let memory: ModelMemory
    /// Where its engines report; it outlives them.
    let board = EngineBoard(EngineReport())
    /// The same for a model that speaks.
    let speechBoard = SpeechBoard(SpeechMetrics())

    /// Plans how the model is loaded.
    ///
    /// - Parameters:
    ///   - file: The model's.
    ///   - id: What requests call it.
    ///   - options: The command line's.
    ///   - budget: Of all models.
    ///   - draft: The file of a draft model that is loaded with it.
    ///   - projector: The file of a projector of images or sound that is loaded with it.
    ///   - codec: The file of the codec of a model that speaks.
    /// - Throws: `ModelFolderError` that says why it can't be served.
    init(
        _ file: ModelFile,
        id: String,
        options: ModelOptions,
        budget: MemoryBudget,
        draft: ModelFile? = nil,
        projector: ModelFile? = nil,
        codec: ModelFile? = nil
    ) throws(ModelFolderError) {
        let variant = ModelVariant(of: file, id: id, options)
        do {
            speech = try file.kind == .speech ? Self.speechFiles(file, codec) : nil
            plan =
                try speech.map { try Self.speechPlan($0, variant, options, budget) }
                ?? LoadPlan(
                    path: variant.path,
                    options: variant.options,
                    contextLength: options.contextSize,
                    placement: options.gpuLayers,
                    draft: draft.map { file in
                        let variant = ModelVariant(of: file, id: file.id, options)
                        return DraftFile(path: variant.path, options: variant.options)
                    },
                    projector: projector?.path,
                    budget: budget
                )
        } catch let error as ModelFolderError {
            throw error
        } catch let error as LoadPlanError {
            throw ModelFolderError("\(id) does not fit: \(error.description)")
        } catch {
            throw ModelFolderError("\(file.path) can't be loaded: \(error)")
        }
        guard file.kind != .chat || (plan.information.hasDecoder && plan.information.isCausal) else {
            throw ModelFolderError("\(file.path) holds a model that cannot generate text")
        }
        self.id = id
        self.file = file
        seesImages = projector?.seesImages ?? false
        hearsSound = projector?.hearsSound ?? false
        usesBLAS = variant.usesBLAS
        var memory = plan.memory
        if file.kind == .chat {
            memory.host.states = Self.stateBytes(options, left: budget.host - plan.memory.host.total)
        }
        self.memory = memory
    }

    /// Tokens and frames of one piece of a text that is spoken: a sentence's, a recording's of a speaker, and 40 seconds of sound.
    private static let spokenTokens = 1024
    /// Utterances that a model speaks at once, where there is memory for so many.
    private static let spokenAtOnce = 2

    private static func speechFiles(_ file: ModelFile, _ codec: ModelFile?) throws -> SpeechFiles {
        guard let codec else {
            throw ModelFolderError(
                "\(file.path) speaks with a codec: put its file beside it, as mmproj-\(file.id).gguf"
            )
        }
        return try SpeechFiles(model: file.path, codec: codec.path)
    }

    /// Each sequence is a place for an utterance.
    private static func speechPlan(
        _ speech: SpeechFiles,
        _ variant: ModelVariant,
        _ options: ModelOptions,
        _ budget: MemoryBudget
    ) throws -> LoadPlan {
        var backend = variant.options
        (backend.isUnified, backend.cacheTokens) = (false, nil)
        func plan(_ places: Int) throws -> LoadPlan {
            backend.sequences = places
            return try LoadPlan(
                path: speech.model,
                options: backend,
                contextLength: spokenTokens,
                placement: options.gpuLayers,
                speech: speech,
                budget: budget
            )
        }
        do { return try plan(spokenAtOnce) } catch is LoadPlanError { return try plan(1) }
    }

    /// A seat for its engine's steps; none where a GPU does the work.
    func seat(at cores: CoreArbiter?) -> CoreArbiter.Seat? { plan.gpuLayers > 0 ? nil : cores?.makeSeat() }

    /// As much for saved states as was asked for, within what is left; otherwise half of that, and a gibibyte at most.
    private static func stateBytes(_ options: ModelOptions, left: UInt64) -> UInt64 {
        guard let wanted = options.cacheRAM else { return min(1 << 30, left / 2) }
        return min(wanted.bytes(of: left), left)
    }

    /// The line of the plan that is printed at start.
    var summary: String {
        let length = plan.options.contextLength
        let context =
            switch kind {
            case .chat: "\(plan.options.sequences) x \(length) tokens"
            case .speech: "speaks \(plan.options.sequences) texts at once"
            default: "texts of \(length) tokens"
            }
        let gpus = plan.memory.gpus.map { "; GPU: \(plan.gpuLayers) of \(plan.information.layers) layers, \($0)" }
        let drafts = plan.draft.map { "; the draft model \($0.path) included" } ?? ""
        let senses = plan.projector.map { "; \(self.senses) with \($0), included" } ?? ""
        return "\(id): \(memory.host), \(context)\(gpus.joined())\(drafts)\(senses)"
    }

    /// What it can do with its projector, in words.
    var senses: String {
        [seesImages ? "sees images" : nil, hearsSound ? "hears sound" : nil].compactMap(\.self).joined(
            separator: " and "
        )
    }
}
