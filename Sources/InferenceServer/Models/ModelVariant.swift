import Foundation
import Llama

/// Which file is loaded for a model, and how its backend computes: decided here alone, before memory is planned.
struct ModelVariant {
    let path: String
    /// All but the length of the context, which the plan of the memory decides.
    let options: LlamaBackend.Options

    init(of file: ModelFile, _ options: ModelOptions) {
        path = file.path
        let threads = options.threads ?? min(LlamaRuntime.bestThreadCount, ProcessInfo.processInfo.activeProcessorCount)
        var backend = LlamaBackend.Options(contextLength: 0, sequences: options.parallel, threads: threads)
        // A number that was asked for is kept to.
        backend.yieldsCores = options.threads == nil
        self.options = backend
    }
}
