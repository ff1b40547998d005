import RuntimeSupport
import Scheduling
import WireFormat

/// Keeps what was learned from the examples, for each model that embeds.
actor Moderator {
    private var classifiers: [String: Task<ModerationClassifier, any Error>] = [:]

    /// What judges vectors of a model; the first time, the examples are embedded for it.
    ///
    /// - Throws: `APIError` where that failed; the next call tries again.
    func classifier(_ lease: ModelLease<EmbeddingModel>) async throws -> ModerationClassifier {
        let id = lease.model.id
        // A task of its own: it goes on for the others when the one who came first leaves.
        let task = classifiers[id] ?? Task { try await Self.learn(lease) }
        classifiers[id] = task
        do {
            return try await task.value
        } catch {
            classifiers[id] = nil
            throw error
        }
    }

    private static func learn(_ lease: ModelLease<EmbeddingModel>) async throws -> ModerationClassifier {
        let examples = ModerationExamples.all
        var batch = EmbeddingBatch(lease.model, overflow: .window)
        for example in examples { try batch.add(example.text, param: "input") }
        let vectors = try await lease.model.compute(
            batch.pieces,
            owner: .anyone,
            priority: .interactive,
            param: "input"
        )
        return ModerationClassifier(examples, batch.vectors(from: vectors))
    }
}
