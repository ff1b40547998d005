internal import CLlama
internal import RuntimeSupport
package import Scheduling

/// Computes batches of given tokens and lends their logits: for measuring, where nothing is sampled.
///
/// Belongs to one thread at a time. Keeps its model alive.
@safe package final class LlamaEvaluator {
    /// One token of a batch.
    package struct Input: Sendable {
        package let token: TokenID
        package let position: Int
        package let sequence: SequenceID
        package let wantsLogits: Bool

        package init(_ token: TokenID, position: Int, sequence: SequenceID, wantsLogits: Bool) {
            self.token = token
            self.position = position
            self.sequence = sequence
            self.wantsLogits = wantsLogits
        }
    }

    private let context: LlamaContext
    private let vocabularySize: Int

    /// Makes the context.
    ///
    /// - Parameters:
    ///   - model: Kept alive.
    ///   - options: The context's measures.
    ///   - vocabularySize: The number of the model's tokens, and so of a token's logits.
    /// - Throws: `LlamaError`, most likely for want of memory.
    package init(
        model: LlamaModel,
        options: LlamaBackend.Options,
        vocabularySize: Int
    ) throws(LlamaError) {
        context = try LlamaContext(
            model: model,
            options: options,
            watch: StepWatch(heartbeat: Heartbeat(), abort: AbortFlag())
        )
        self.vocabularySize = vocabularySize
    }

    /// Whether the end of a sequence can be cut off.
    package var cutsSequences: Bool { context.cutsSequences }

    /// Computes one batch.
    ///
    /// - Parameter batch: Each sequence's tokens in order of position. llama.cpp computes sequences in one pass only
    ///   where their numbers follow each other.
    /// - Throws: `LlamaError`.
    package func compute(_ batch: [Input]) throws(LlamaError) {
        context.clearBatch()
        for input in batch {
            _ = try context.add(
                input.token,
                position: input.position,
                sequence: input.sequence,
                wantsLogits: input.wantsLogits
            )
        }
        switch try context.decode() {
        case .decoded: return
        case .noRoom: throw LlamaError(code: .failed, description: "there is no room in the KV cache", status: 0)
        case .aborted: throw LlamaError(code: .failed, description: "the computation was cut off", status: 0)
        }
    }

    /// Lends the logits of a place in the last batch, one for each token of the vocabulary.
    ///
    /// - Throws: `LlamaError` where that place wanted none.
    package func withLogits<Result>(
        at place: Int,
        _ body: (Span<Float>) -> Result
    ) throws(LlamaError) -> Result {
        guard let logits = unsafe cl_context_logits(context.handle, Int32(place)) else {
            throw LlamaError(code: .invalidArgument, description: "place \(place) has no logits", status: 0)
        }
        let row = unsafe UnsafeBufferPointer(start: logits, count: vocabularySize)
        return unsafe body(row.span)
    }

    package func clear(_ sequence: SequenceID) throws(LlamaError) { try context.clear(sequence) }

    package func cut(_ sequence: SequenceID, toPosition position: Int) throws(LlamaError) {
        try context.cut(sequence, toPosition: position)
    }

    /// Gives a sequence what another holds before a position.
    ///
    /// - Throws: `LlamaError`.
    package func copy(from source: SequenceID, to target: SequenceID, upTo position: Int) throws(LlamaError) {
        try context.copy(from: source, to: target, upTo: position, mayDefer: true)
    }
}
