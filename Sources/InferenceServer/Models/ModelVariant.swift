import Foundation
import Llama

/// Which file is loaded for a model, and how its backend computes: decided here alone, before memory is planned.
struct ModelVariant {
    let path: String
    let usesBLAS: Bool
    /// All but the length of the context, which the plan of the memory decides.
    let options: LlamaBackend.Options

    /// Texts in one embedding step, at most.
    private static let textsInStep = 64

    init(of file: ModelFile, id: String, _ options: ModelOptions) {
        let embeds = file.kind != .chat && file.kind != .speech
        let weights: ServedWeights =
            switch file.kind {
            case .chat: .choose(for: file, id: id, options: options)
            case .embedding: .chooseEmbedding(for: file, id: id, options: options)
            case .reranker, .speech, .projector, .unknown: .untuned(file, options)
            }
        let threads = options.threads ?? min(LlamaRuntime.bestThreadCount, ProcessInfo.processInfo.activeProcessorCount)
        var backend = weights.apply(
            to: LlamaBackend.Options(
                contextLength: 0,
                sequences: embeds ? Self.textsInStep : options.parallel,
                threads: threads
            )
        )
        backend.embeds = embeds
        // A number that was asked for is kept to; and with the number of threads the last bits of an answer change.
        backend.yieldsCores = options.threads == nil && !options.isDeterministic
        if let flash = options.flashAttention { backend.flashAttention = flash }
        if let tokens = options.cacheTokens, !embeds { (backend.isUnified, backend.cacheTokens) = (true, tokens) }
        // In a pool of cells, attention's sums depend on where others' cells lie.
        if options.isDeterministic { backend.isUnified = false }
        path = weights.path
        usesBLAS = weights.usesBLAS
        self.options = backend
    }
}
