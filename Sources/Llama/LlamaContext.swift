internal import CLlama
internal import RuntimeSupport
internal import Scheduling

/// A model's working memory: the KV cache of its sequences, and the batch of the next decode.
///
/// Belongs to one thread at a time. Keeps its model alive.
@safe struct LlamaContext: ~Copyable {
    let model: LlamaModel
    let handle: OpaquePointer
    // Kept alive here: the context's abort callback holds it unretained.
    private let watch: StepWatch

    enum DecodeOutcome {
        case decoded, noRoom, aborted
    }

    init(model: LlamaModel, options: LlamaBackend.Options, watch: StepWatch) throws(LlamaError) {
        var handle: OpaquePointer?
        let native = unsafe cl_context_options(
            context_length: UInt32(options.contextLength),
            sequences: UInt32(options.sequences),
            batch_tokens: UInt32(options.stepTokens),
            threads: UInt32(options.threads),
            batch_threads: UInt32(options.batchThreads ?? options.threads),
            flash_attention: options.flashAttention.native,
            key_type: options.keyType.native,
            value_type: options.valueType.native,
            unified: options.isUnified,
            cache_tokens: UInt32(options.cacheTokens ?? 0),
            embeddings: options.embeds,
            should_abort: shouldAbort,
            user_data: Unmanaged.passUnretained(watch).toOpaque()
        )
        unsafe try LlamaError.check(cl_context_create(model.handle, native, &handle), "make a context")
        guard let handle = unsafe handle else { fatalError("a creation that succeeds gives a context") }
        self.model = model
        self.watch = watch
        unsafe self.handle = handle
    }

    deinit { unsafe cl_context_free(handle) }

    /// Tokens that one sequence can hold.
    var contextLength: Int { unsafe Int(cl_context_length(handle)) }

    /// Whether the end of a sequence's memory can be cut off.
    var cutsSequences: Bool { unsafe cl_context_cuts_sequences(handle) }

    /// Whether what was saved of a sequence can be cut when it is restored.
    var cutsStates: Bool { unsafe cl_context_cuts_states(handle) }

    /// Sets the threads of the decodes from now on: of a single token, and of several.
    func setThreads(_ single: Int, batch: Int) throws(LlamaError) {
        let status = unsafe cl_context_set_threads(handle, UInt32(single), UInt32(batch))
        try LlamaError.check(status, "set the number of threads")
    }

    /// What it and its model take; where the model is only measured, what they would take.
    func memory() throws(LlamaError) -> ModelMemory {
        var uses = [cl_memory_use](repeating: cl_memory_use(), count: 1 + Int(cl_gpu_count()))
        unsafe try LlamaError.check(cl_context_memory(handle, &uses, uses.count), "measure a context")
        let measured = uses.map { MemoryUse(weights: $0.weights, cache: $0.cache, compute: $0.compute) }
        return ModelMemory(host: measured[0], gpus: Array(measured.dropFirst()))
    }

    /// Forgets what all sequences hold; for a context that embeds.
    func forget() { unsafe cl_context_forget(handle) }

    /// Whether it was made to embed texts.
    var embeds: Bool { unsafe cl_context_embedding_size(handle) > 0 }

    /// What the last decode gave for a sequence: a text's vector, or its scores.
    ///
    /// - Throws: `LlamaError` where the sequence was not in it.
    func embedding(of sequence: SequenceID) throws(LlamaError) -> [Float] {
        guard let start = unsafe cl_context_embedding(handle, sequence.rawValue) else {
            throw LlamaError(code: .failed, description: "\(sequence) has no vector", status: 0)
        }
        let count = unsafe Int(cl_context_embedding_size(handle))
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }

    func clearBatch() { unsafe cl_batch_clear(handle) }

    /// Adds a token to the batch, and gives its index there.
    func add(_ token: TokenID, position: Int, sequence: SequenceID, wantsLogits: Bool) throws(LlamaError) -> Int32 {
        var index: Int32 = 0
        let status = unsafe cl_batch_add(handle, token, Int32(position), sequence.rawValue, wantsLogits, &index)
        try LlamaError.check(status, "add a token to the batch")
        return index
    }

    func decode() throws(LlamaError) -> DecodeOutcome {
        var outcome = cl_decode_outcome.CL_DECODED
        unsafe try LlamaError.check(cl_context_decode(handle, &outcome), "decode")
        return DecodeOutcome(outcome)
    }

    /// Computes tokens of an image or sound, whose vectors are all given; `position` is that of its first token.
    func decode(
        _ tokens: Range<Int>,
        of media: PreparedMedia,
        _ vectors: [Float],
        sequence: SequenceID,
        position: Int,
        _ projector: LlamaProjector
    ) throws(LlamaError) -> DecodeOutcome {
        var outcome = cl_decode_outcome.CL_DECODED
        let status = unsafe cl_context_decode_media(
            handle,
            projector.handle,
            media.prompt.handle,
            media.index,
            vectors,
            tokens.lowerBound,
            tokens.count,
            sequence.rawValue,
            Int32(position),
            &outcome
        )
        try LlamaError.check(status, "decode an image or sound")
        return DecodeOutcome(outcome)
    }

    /// The probabilities of targets, each from the logits of a batch index, and of the likeliest tokens there.
    func score(_ indices: [Int32], targets: [TokenID], top: Int) throws(LlamaError) -> [TokenProbabilities] {
        let count = indices.count
        var logprobs = [Float](repeating: 0, count: count)
        var tops = [cl_token_logprob](repeating: cl_token_logprob(), count: count * top)
        var counts = [Int](repeating: 0, count: count)
        let status = unsafe cl_context_score(handle, indices, targets, count, top, &logprobs, &tops, &counts)
        try LlamaError.check(status, "tell probabilities")
        return (0..<count).map { place in
            let row = tops[place * top..<place * top + counts[place]]
            return TokenProbabilities(chosen: logprobs[place], top: row.map(TokenProbabilities.Entry.init))
        }
    }

    func clear(_ sequence: SequenceID) throws(LlamaError) {
        unsafe try LlamaError.check(cl_memory_clear(handle, sequence.rawValue), "clear a sequence")
    }

    func cut(_ sequence: SequenceID, toPosition position: Int) throws(LlamaError) {
        unsafe try LlamaError.check(cl_memory_cut(handle, sequence.rawValue, Int32(position)), "cut a sequence")
    }

    /// With `mayDefer`, the copy may be made by the next decode: nothing is saved, restored or copied before it.
    func copy(
        from source: SequenceID,
        to target: SequenceID,
        upTo position: Int,
        mayDefer: Bool
    ) throws(LlamaError) {
        let status = unsafe cl_memory_copy(handle, source.rawValue, target.rawValue, Int32(position), mayDefer)
        try LlamaError.check(status, "copy a sequence")
    }
}

extension LlamaContext.DecodeOutcome {
    fileprivate init(_ native: cl_decode_outcome) {
        self =
            switch native {
            case .CL_DECODED: .decoded
            case .CL_NO_ROOM: .noRoom
            case .CL_ABORTED: .aborted
            }
    }
}

/// What a running decode reports to and looks at: the engine's heartbeat, and whether to stop.
final class StepWatch: Sendable {
    let heartbeat: Heartbeat
    let abort: AbortFlag

    init(heartbeat: Heartbeat = Heartbeat(), abort: AbortFlag = AbortFlag()) {
        self.heartbeat = heartbeat
        self.abort = abort
    }
}

/// Polled by ggml between the nodes of a graph, on the decoding thread.
///
/// The user data is a `StepWatch` that the context, or the projector, keeps alive.
func shouldAbort(_ userData: UnsafeMutableRawPointer?) -> Bool {
    guard let userData = unsafe userData else { return false }
    let watch = unsafe Unmanaged<StepWatch>.fromOpaque(userData).takeUnretainedValue()
    watch.heartbeat.beat()
    return watch.abort.isRaised
}
