import Foundation
import Llama
import RuntimeSupport
import Scheduling
import Tokenizer

/// A loaded chat model with all that serving it needs.
///
/// Shared by all requests.
final class ChatModel: Sendable {
    /// What requests call it.
    let id: String
    let file: ModelFile
    let information: LlamaModel.Information
    let vocabulary: Vocabulary
    let template: ChatTemplate
    let engine: InferenceEngine

    /// Tokens of prompt and answer in one request.
    var contextLength: Int { engine.limits.contextLength }

    /// Loads the model and makes its context; blocks for as long as that takes.
    ///
    /// The runtime has been started.
    ///
    /// - Throws: `LlamaError`, `TokenizerError`, or `ModelFolderError` where the memory does not suffice.
    init(_ file: ModelFile, id: String, options: ModelOptions, policy: SchedulingPolicy = SchedulingPolicy()) throws {
        let log = Log("model")
        let weights = ServedWeights.choose(for: file, id: id, options: options)
        LlamaRuntime.useBLAS(weights.usesBLAS)
        let model = try LlamaModel(path: weights.path)
        guard model.information.hasDecoder, model.information.isCausal else {
            throw ModelFolderError("\(file.path) holds a model that cannot generate text")
        }
        let contextLength = try Self.contextLength(of: model, options)
        let threads = options.threads ?? min(LlamaRuntime.bestThreadCount, ProcessInfo.processInfo.activeProcessorCount)
        let heartbeat = Heartbeat()
        let abort = AbortFlag()
        let backend = try LlamaBackend(
            model: model,
            options: weights.apply(
                to: LlamaBackend.Options(contextLength: contextLength, sequences: options.parallel, threads: threads)
            ),
            heartbeat: heartbeat,
            abort: abort
        )
        vocabulary = try model.makeVocabulary()
        template = try ChatTemplate(vocabulary: vocabulary)
        engine = InferenceEngine(
            name: "inference",
            backend: backend,
            policy: policy,
            heartbeat: heartbeat,
            abort: abort
        )
        information = model.information
        self.id = id
        self.file = file
        log.info(
            "\(id): \(information.description), \(options.parallel) x \(contextLength) tokens of context, \(threads) threads"
        )
        if !template.isExplicit { log.warning("\(id) brings no chat template; ChatML stands in for it") }
    }

    private static func contextLength(of model: LlamaModel, _ options: ModelOptions) throws -> Int {
        let information = model.information
        let trained = information.trainingContext
        if let wanted = options.contextSize {
            if wanted > trained {
                Log("model").warning("--ctx-size \(wanted) is more than the \(trained) tokens of its training")
            }
            return wanted
        }
        // The weights are mapped: they are not counted as taken yet, and will be.
        let free = ContextBudget.availableMemory()
        let available = free > information.size ? free - information.size : 0
        let length = ContextBudget.contextLength(
            trainingContext: trained,
            cacheBytesPerToken: information.cacheBytesPerToken,
            sequences: options.parallel,
            availableMemory: available
        )
        guard let length else {
            throw ModelFolderError(
                "\(available >> 20) MiB of free memory do not hold the KV cache of \(options.parallel) sequences; use a smaller --parallel, or --ctx-size"
            )
        }
        return length
    }
}
