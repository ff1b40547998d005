/// A model of which only the header was read: it tells what memory the model and a context of it would take.
///
/// The numbers come from the code that would allocate the memory. The vocabulary is read, the weights are not; recurrent
/// states are allocated for a moment.
package struct ModelMeasure: Sendable {
    private let model: LlamaModel

    package var information: LlamaModel.Information { model.information }

    /// Reads the header; blocks for about a tenth of a second.
    ///
    /// - Parameters:
    ///   - path: A readable regular file.
    ///   - gpuLayers: How many layers would be placed on a GPU.
    /// - Throws: `LlamaError` where it is not a model that llama.cpp knows, or a file that is shorter than its header says.
    package init(path: String, gpuLayers: Int = 0) throws(LlamaError) {
        model = try LlamaModel(path: path, gpuLayers: gpuLayers, isMeasured: true)
    }

    /// Checks that a token of this model is the same token of another.
    ///
    /// - Throws: `LlamaError` that says how this one (A) and the other (B) differ.
    func checkVocabulary(isThatOf other: ModelMeasure) throws(LlamaError) {
        try model.checkVocabulary(isThatOf: other.model)
    }

    /// What a place for an utterance takes beside the context, of a model that speaks: a copy of all tokens' vectors.
    var speechPlaceBytes: UInt64 { model.speechPlaceBytes }

    /// What the model would take with such a context.
    package func memory(_ options: LlamaBackend.Options) throws(LlamaError) -> ModelMemory {
        try LlamaContext(model: model, options: options.feasible, watch: StepWatch()).memory()
    }
}

extension LlamaBackend.Options {
    /// The options with at least one token in a step for each sequence; where whole texts are embedded, with room in a step
    /// for the longest, in a multiple of the sequences.
    var feasible: Self {
        var options = self
        options.stepTokens = max(stepTokens, sequences)
        if embeds {
            let tokens = max(options.stepTokens, contextLength)
            options.stepTokens = (tokens + sequences - 1) / sequences * sequences
        }
        return options
    }

    /// Bytes of KV cache for each token.
    func cacheBytesPerToken(of model: LlamaModel) -> Double {
        // The model's figure is that of f16.
        Double(model.information.cacheBytesPerToken) * (keyType.bytesPerValue + valueType.bytesPerValue) / 4
    }
}
