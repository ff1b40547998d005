internal import Scheduling

/// A loaded draft model, and how a context of it is to be made.
package struct DraftModel: Sendable {
    package let model: LlamaModel
    package let options: LlamaBackend.Options

    /// - Parameters:
    ///   - model: Of the same vocabulary as the model that it drafts for.
    ///   - options: Its sequences and the tokens of a step are those of the model that it drafts for.
    package init(model: LlamaModel, options: LlamaBackend.Options) {
        self.model = model
        self.options = options
    }
}

/// Guesses what sequences go on with, greedily: a draft model's context, with a sequence for each of the main one's.
///
/// Belongs to one thread at a time.
final class LlamaDrafter {
    private let context: LlamaContext
    /// One for each sequence: the likeliest token always.
    private let samplers: [LlamaSampler]

    /// - Throws: `LlamaError`, most likely for want of memory.
    init(_ draft: DraftModel, watch: StepWatch) throws(LlamaError) {
        context = try LlamaContext(model: draft.model, options: draft.options, watch: watch)
        var greedy = Sampling()
        greedy.temperature = 0
        var samplers: [LlamaSampler] = []
        for _ in 0..<draft.options.sequences {
            samplers.append(try LlamaSampler(model: draft.model, sampling: greedy, penaltyWindow: 0))
        }
        self.samplers = samplers
    }

    /// Tokens that one sequence can hold.
    var contextLength: Int { context.contextLength }

    func memory() throws(LlamaError) -> ModelMemory { try context.memory() }

    func setThreads(_ single: Int, batch: Int) throws(LlamaError) { try context.setThreads(single, batch: batch) }

    /// Reads what is new, and guesses on: a decode for each guess, of all sequences together.
    ///
    /// - Throws: `LlamaError`; what the sequences hold is not known then.
    func run(_ slices: [DraftSlice]) throws(LlamaError) -> StepOutcome {
        var guesses = Array(repeating: [TokenID](), count: slices.count)
        // llama.cpp computes sequences in one pass only where their numbers follow each other in the batch.
        var open = slices.indices.sorted { slices[$0].sequence.rawValue < slices[$1].sequence.rawValue }
        context.clearBatch()
        var outputs: [Int: Int32] = [:]
        for place in open {
            let slice = slices[place]
            try context.cut(slice.sequence, toPosition: slice.position)
            for (offset, token) in slice.tokens.enumerated() {
                let isLast = offset == slice.tokens.count - 1
                outputs[place] = try context.add(
                    token,
                    position: slice.position + offset,
                    sequence: slice.sequence,
                    wantsLogits: isLast && slice.guesses > 0
                )
            }
        }
        while true {
            switch try context.decode() {
            case .decoded: break
            case .noRoom: return .noRoom
            case .aborted: return .aborted
            }
            open = open.filter { guesses[$0].count < slices[$0].guesses }
            let choices = open.map { (samplers[Int(slices[$0].sequence.rawValue)], outputs[$0] ?? 0) }
            let tokens = choices.isEmpty ? [] : try LlamaSampler.sample(choices, from: context)
            open = zip(open, tokens).compactMap { place, sampled in
                guard let sampled else { return nil }
                guesses[place].append(sampled.token)
                return sampled.endsGeneration || guesses[place].count == slices[place].guesses ? nil : place
            }
            guard !open.isEmpty else { return .drafted(guesses) }
            context.clearBatch()
            for place in open {
                guard let token = guesses[place].last else { continue }
                outputs[place] = try context.add(
                    token,
                    position: slices[place].position + slices[place].tokens.count + guesses[place].count - 1,
                    sequence: slices[place].sequence,
                    wantsLogits: true
                )
            }
        }
    }
}
