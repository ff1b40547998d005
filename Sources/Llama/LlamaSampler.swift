internal import CLlama
internal import Scheduling

/// Chooses one sequence's tokens with a chain of llama.cpp's samplers.
///
/// Belongs to one thread at a time. Keeps its model alive.
@safe final class LlamaSampler {
    private let model: LlamaModel
    private let handle: OpaquePointer

    /// Makes the chain.
    ///
    /// - Parameters:
    ///   - model: Kept alive.
    ///   - sampling: What the chain does.
    ///   - penaltyWindow: How many chosen tokens the penalties look back at: all of an answer, as OpenAI's do.
    /// - Throws: `LlamaError` where a bias names a token that the vocabulary does not have.
    init(model: LlamaModel, sampling: Sampling, penaltyWindow: Int) throws(LlamaError) {
        let biases = sampling.logitBias.map { cl_logit_bias(token: $0.token, bias: $0.bias) }
        var handle: OpaquePointer?
        let status = unsafe biases.withUnsafeBufferPointer { biases in
            let options = unsafe cl_sampler_options(
                temperature: sampling.temperature,
                top_k: sampling.topK,
                top_p: sampling.topP,
                min_p: sampling.minP,
                presence_penalty: sampling.presencePenalty,
                frequency_penalty: sampling.frequencyPenalty,
                seed: sampling.seed,
                ignores_end: sampling.ignoresEnd,
                penalty_window: UInt32(penaltyWindow),
                biases: biases.baseAddress,
                bias_count: biases.count
            )
            return unsafe cl_sampler_create(model.handle, options, &handle)
        }
        try LlamaError.check(status, "make a sampler")
        guard let handle = unsafe handle else { fatalError("a creation that succeeds gives a sampler") }
        self.model = model
        unsafe self.handle = handle
    }

    deinit { unsafe cl_sampler_free(handle) }

    /// Chooses from the logits of a batch index, and remembers the choice for the penalties.
    func sample(_ context: borrowing LlamaContext, at index: Int32) throws(LlamaError) -> SampledToken {
        var token: TokenID = 0
        var endsGeneration = false
        let status = unsafe cl_sampler_sample(handle, context.handle, index, &token, &endsGeneration)
        try LlamaError.check(status, "sample a token")
        return SampledToken(token: token, endsGeneration: endsGeneration)
    }
}
