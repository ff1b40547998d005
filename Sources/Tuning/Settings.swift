package import Llama

/// How a model is computed, besides the format of its weights.
package struct Settings: Sendable, Codable, Equatable {
    /// For steps of one token, and of several.
    package var threads: Int
    package var batchThreads: Int
    package var flashAttention = FlashAttention.automatic
    package var keyType = CacheType.f16
    package var valueType = CacheType.f16
    /// Whether all sequences share one pool of cells.
    package var isUnified = false
    package var usesBLAS = false

    package init(threads: Int) {
        self.threads = threads
        batchThreads = threads
    }

    /// Puts the settings into a backend's options.
    package func apply(to options: inout LlamaBackend.Options) {
        options.threads = threads
        options.batchThreads = batchThreads
        options.flashAttention = flashAttention
        options.keyType = keyType
        options.valueType = valueType
        options.isUnified = isUnified
    }
}
