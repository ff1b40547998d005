/// How long a context the memory allows.
package enum ContextBudget {
    /// The share of the memory that the weights leave, which the KV cache and its buffers may take.
    package static let share = 0.5

    /// One memory, as far as it bounds the length of a context.
    package struct Memory: Sendable {
        /// What the weights leave of the budget, in bytes.
        package let room: UInt64
        /// What a token of context takes in all sequences together, in bytes.
        package let bytesPerToken: Double

        package init(room: UInt64, bytesPerToken: Double) {
            self.room = room
            self.bytesPerToken = bytesPerToken
        }
    }

    /// The longest context for each sequence, a multiple of 256, at most what the model was trained with.
    ///
    /// - Parameters:
    ///   - trainingContext: In tokens.
    ///   - memories: Those in which the context grows.
    /// - Returns: Nil where not even 256 tokens fit.
    package static func contextLength(trainingContext: Int, memories: [Memory]) -> Int? {
        let tokens = memories.filter { $0.bytesPerToken > 0 }.map { Double($0.room) * share / $0.bytesPerToken }.min()
        guard let tokens else { return trainingContext }
        let length = min(trainingContext, Int(min(tokens, 1e9)) / 256 * 256)
        return length >= min(256, trainingContext) && length > 0 ? length : nil
    }
}
