internal import Scheduling

extension LlamaBackend {
    /// Computes whole texts in one pass, a sequence for each, and gives their vectors in the order of the texts.
    func embed(_ texts: [EmbeddingText]) throws(LlamaError) -> StepOutcome {
        guard limits.embeds else { return .failed("the model has no embedding steps") }
        guard !texts.isEmpty else { return .embedded([]) }
        try yieldCores()
        // Nothing is kept from step to step.
        context.forget()
        context.clearBatch()
        for (number, text) in texts.enumerated() {
            let sequence = SequenceID(rawValue: Int32(number))
            for (position, token) in text.tokens.enumerated() {
                _ = try context.add(token, position: position, sequence: sequence, wantsLogits: true)
            }
        }
        switch try context.decode() {
        case .noRoom: return .failed("the texts found no room")
        case .aborted: return .aborted
        case .decoded:
            var vectors: [[Float]] = []
            for number in texts.indices {
                vectors.append(try context.embedding(of: SequenceID(rawValue: Int32(number))))
            }
            return .embedded(vectors)
        }
    }
}
