internal import CLlama
internal import Scheduling

/// Chooses one sequence's tokens, as llama.cpp's chain of samplers would.
///
/// Belongs to one thread at a time. Keeps its model alive.
@safe final class LlamaSampler {
    private let model: LlamaModel
    private let handle: OpaquePointer
    private let wantsProbabilities: Bool

    /// Makes a sampler that has chosen nothing yet.
    ///
    /// - Parameters:
    ///   - model: Kept alive.
    ///   - sampling: How it chooses.
    ///   - penaltyWindow: How many chosen tokens the penalties look back at: all of an answer, as OpenAI's do.
    /// - Throws: `LlamaError` where a bias names a token that the vocabulary does not have, or the grammar is none.
    init(model: LlamaModel, sampling: Sampling, penaltyWindow: Int) throws(LlamaError) {
        let grammar: CompiledGrammar? =
            if let grammar = sampling.grammar { try model.compiled(grammar) } else { nil }
        let biases = sampling.logitBias.map { cl_logit_bias(token: $0.token, bias: $0.bias) }
        var handle: OpaquePointer?
        let status = unsafe biases.withUnsafeBufferPointer { biases in
            unsafe sampling.chain.withNative { chain in
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
                    bias_count: biases.count,
                    tells_probabilities: sampling.logprobs != nil,
                    top_logprobs: UInt32(clamping: sampling.logprobs ?? 0),
                    tells_drawn: sampling.logprobs != nil && sampling.tellsDrawn,
                    grammar: grammar?.handle,
                    chain: chain
                )
                return unsafe cl_sampler_create(model.handle, options, &handle)
            }
        }
        withExtendedLifetime(grammar) {}
        try LlamaError.check(status, "make a sampler")
        guard let handle = unsafe handle else { fatalError("a creation that succeeds gives a sampler") }
        self.model = model
        wantsProbabilities = sampling.logprobs != nil
        unsafe self.handle = handle
    }

    deinit { unsafe cl_sampler_free(handle) }

    /// Chooses from the logits of batch indices, on all threads of the context; remembers the choices for the penalties.
    ///
    /// Each sampler and each index comes once. The result is in the order of the choices, nil where logits hold nothing
    /// that a token could be chosen by.
    static func sample(
        _ choices: [(sampler: LlamaSampler, index: Int32)],
        from context: borrowing LlamaContext
    ) throws(LlamaError) -> [SampledToken?] {
        let handles = unsafe choices.map { unsafe Optional($0.sampler.handle) }
        let indices = choices.map(\.index)
        var samples = [cl_sample](repeating: cl_sample(), count: choices.count)
        let status = unsafe cl_sampler_sample_all(context.handle, handles, indices, choices.count, &samples)
        try LlamaError.check(status, "sample tokens")
        return zip(choices, samples).map { choice, sample in
            guard sample.token >= 0 else { return nil }
            return SampledToken(
                token: sample.token,
                endsGeneration: sample.ends_generation,
                probabilities: choice.sampler.probabilities
            )
        }
    }

    /// What is to be told of the last choice, where that was asked for.
    private var probabilities: TokenProbabilities? {
        guard wantsProbabilities else { return nil }
        var chosen: Float = 0
        var top: UnsafePointer<cl_token_logprob>?
        let count = unsafe cl_sampler_probabilities(handle, &chosen, &top)
        let entries = unsafe UnsafeBufferPointer(start: top, count: count)
        return TokenProbabilities(chosen: chosen, top: unsafe entries.map(TokenProbabilities.Entry.init))
    }
}

extension TokenProbabilities.Entry {
    init(_ native: cl_token_logprob) { self.init(token: native.token, logprob: native.logprob) }
}
