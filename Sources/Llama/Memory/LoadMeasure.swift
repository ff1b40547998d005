internal import Scheduling

/// What is to be loaded, known by headers alone: a model, and a draft model beside it where one is given.
struct LoadMeasure {
    let model: ModelMeasure
    let draft: (measure: ModelMeasure, options: LlamaBackend.Options)?
    /// How many of the draft model's layers go to a GPU: all, where the other has some there.
    let draftLayers: Int
    /// Of a projector, and of the vectors of images that are kept.
    private let vision: ModelMemory?
    /// Of the codec of a model that speaks.
    private let codec: ModelMemory?

    /// - Throws: `LlamaError` for a file that is no model, `LoadPlanError` for one that can't draft.
    init(
        path: String,
        gpuLayers: Int,
        draft file: DraftFile?,
        projector: String? = nil,
        speech: SpeechFiles? = nil
    ) throws {
        model = try ModelMeasure(path: path, gpuLayers: gpuLayers)
        codec = speech.map { $0.codecMemory(usesGPU: gpuLayers > 0) }
        vision = try projector.map { path in
            var memory = try LlamaProjector.memory(path: path, usesGPU: gpuLayers > 0)
            // Fixed, as weights are: what is left decides about the context.
            memory.host.weights += UInt64(SchedulingPolicy().encodingBytes)
            return memory
        }
        guard let file else {
            (draft, draftLayers) = (nil, 0)
            return
        }
        var measure = try ModelMeasure(path: file.path)
        try Self.check(measure, file.path, for: model, path)
        draftLayers = gpuLayers > 0 ? measure.information.layers : 0
        if draftLayers > 0 { measure = try ModelMeasure(path: file.path, gpuLayers: draftLayers) }
        draft = (measure, file.options)
    }

    private static func check(_ draft: ModelMeasure, _ draftPath: String, for model: ModelMeasure, _ path: String)
        throws(LoadPlanError)
    {
        guard model.information.cutsMemory else { throw .draftIsOfNoUse(path, draftPath) }
        guard draft.information.cutsMemory, draft.information.hasDecoder, draft.information.isCausal else {
            throw .cannotDraft(draftPath)
        }
        do throws(LlamaError) {
            try model.checkVocabulary(isThatOf: draft)
        } catch {
            throw .otherVocabulary(path, draftPath, error)
        }
    }

    /// The draft model's options beside such a context of the other: as many sequences, at most as long as it was trained
    /// for.
    func draftOptions(beside options: LlamaBackend.Options) -> LlamaBackend.Options? {
        guard let draft else { return nil }
        var own = draft.options
        own.contextLength = min(options.contextLength, max(256, draft.measure.information.trainingContext))
        own.sequences = options.sequences
        own.stepTokens = options.stepTokens
        (own.isUnified, own.cacheTokens) = (false, nil)
        return own
    }

    /// What both take together.
    func memory(_ options: LlamaBackend.Options) throws(LlamaError) -> ModelMemory {
        var memory = try model.memory(options)
        if let vision { memory = memory + vision }
        if let codec {
            memory = memory + codec
            memory.host.weights += UInt64(options.sequences) * model.speechPlaceBytes
        }
        guard let draft, let own = draftOptions(beside: options) else { return memory }
        return memory + (try draft.measure.memory(own))
    }
}

/// A draft model's file, and how its context is to be made, but for what the other model's decides.
package struct DraftFile: Sendable {
    package let path: String
    package let options: LlamaBackend.Options

    package init(path: String, options: LlamaBackend.Options) {
        self.path = path
        self.options = options
    }
}

extension LoadPlanError {
    fileprivate static func draftIsOfNoUse(_ path: String, _ draft: String) -> Self {
        Self(
            description:
                "no draft model can help \(path), whose memory can't be cut back behind a wrong guess: leave out --draft-model \(draft)"
        )
    }

    fileprivate static func cannotDraft(_ draft: String) -> Self {
        Self(
            description:
                "--draft-model \(draft) can't be used: only a model that generates text, and whose memory can be cut back behind a wrong guess (neither recurrent nor hybrid), can draft"
        )
    }

    fileprivate static func otherVocabulary(_ path: String, _ draft: String, _ error: LlamaError) -> Self {
        Self(
            description:
                "--draft-model \(draft) has another vocabulary than \(path): \(error.description), where A is \(path) and B is \(draft)"
        )
    }
}
