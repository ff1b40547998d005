internal import CLlama
package import RuntimeSupport
package import Tokenizer

/// A model that llama.cpp has loaded: weights, vocabulary, metadata.
///
/// Shared by contexts on several threads.
@safe package final class LlamaModel: Sendable {
    package struct Information: Sendable {
        /// The context length that the model was trained with, in tokens.
        package let trainingContext: Int
        /// How many layers can be placed on a GPU, the output's included.
        package let layers: Int
        package let parameters: UInt64
        /// Of the weights, in bytes.
        package let size: UInt64
        package let hasDecoder: Bool
        package let isCausal: Bool
        /// Whether the end of a sequence's memory can be cut off: not so with recurrent memory.
        package let cutsMemory: Bool
        /// Bytes of KV cache for each token, at most.
        package let cacheBytesPerToken: UInt64
        /// Such as `llama 135M Q4_1`.
        package let description: String
    }

    package let path: String
    package let information: Information
    // Safe to share: llama.cpp never changes a model once it is loaded.
    nonisolated(unsafe) let handle: OpaquePointer
    /// Those that were asked for last.
    let grammars = Guarded(GrammarCache())

    /// Loads a GGUF file; blocks until it is in memory.
    ///
    /// - Parameters:
    ///   - path: A readable regular file.
    ///   - gpuLayers: How many layers to place on a GPU, where one is there.
    ///   - abort: Raised, it cuts the loading off.
    /// - Throws: `LlamaError` where it is not a model that llama.cpp knows, or a damaged one.
    package convenience init(path: String, gpuLayers: Int = 0, abort: AbortFlag = AbortFlag()) throws(LlamaError) {
        try self.init(path: path, gpuLayers: gpuLayers, isMeasured: false, abort: abort)
    }

    /// With `isMeasured`, no weights are read: contexts of it tell what memory they would take, and can do nothing else.
    init(path: String, gpuLayers: Int, isMeasured: Bool, abort: AbortFlag = AbortFlag()) throws(LlamaError) {
        var handle: OpaquePointer?
        // The flag lives as long as this call, and nobody calls back later.
        let options = unsafe cl_model_options(
            vocabulary_only: false,
            measure_only: isMeasured,
            gpu_layers: Int32(gpuLayers),
            progress: isMeasured ? nil : goesOnLoading,
            user_data: Unmanaged.passUnretained(abort).toOpaque()
        )
        unsafe try LlamaError.check(cl_model_load(path, options, &handle), "load \(path)")
        guard let handle = unsafe handle else { fatalError("a load that succeeds gives a model") }
        self.path = path
        unsafe self.handle = handle
        unsafe information = Information(handle)
    }

    deinit { unsafe cl_model_free(handle) }

    /// Checks that a token of this model is the same token of another.
    ///
    /// - Throws: `LlamaError` that says how this one (A) and the other (B) differ.
    func checkVocabulary(isThatOf other: LlamaModel) throws(LlamaError) {
        try LlamaError.check(unsafe cl_vocabulary_same(handle, other.handle), "use one model's tokens in the other")
    }

    /// The model's vocabulary; it keeps the model alive.
    ///
    /// - Throws: `TokenizerError` where the model has none.
    package func makeVocabulary() throws(TokenizerError) -> Vocabulary {
        try unsafe Vocabulary(sharing: handle, owner: self)
    }
}

extension LlamaModel.Information {
    fileprivate init(_ handle: OpaquePointer) {
        let info = unsafe cl_model_get_info(handle)
        trainingContext = Int(info.training_context)
        layers = Int(info.layers)
        parameters = info.parameters
        size = info.size_bytes
        hasDecoder = info.has_decoder
        isCausal = info.is_causal
        cutsMemory = info.cuts_memory
        cacheBytesPerToken = info.kv_bytes_per_token
        var text = [CChar](repeating: 0, count: 128)
        _ = unsafe cl_model_describe(handle, &text, text.count)
        description = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// Called while weights load; the user data is the flag that the loading call keeps alive.
private func goesOnLoading(_: Float, _ userData: UnsafeMutableRawPointer?) -> Bool {
    guard let userData = unsafe userData else { return true }
    return unsafe !Unmanaged<AbortFlag>.fromOpaque(userData).takeUnretainedValue().isRaised
}
