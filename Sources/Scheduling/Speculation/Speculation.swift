/// What is guessed ahead of one request: by a text that it expects, by looking up its last tokens in what it holds, or by a
/// draft model.
///
/// A guess costs part of a step and gains a whole one where it is right, so how often guesses were right is kept for each
/// source, and decides how many are made. That the answer is unchanged by it is Leviathan, Kalman and Matias, "Fast
/// Inference from Transformers via Speculative Decoding" (2023), in the case of a deterministic draft.
struct Speculation: Sendable {
    let maxDrafts: Int
    /// Of the draft model's guesses.
    private(set) var model: GuessRecord
    /// How often the draft model was tried though its guesses were not expected to pay.
    var attempts = 0
    /// Where the guesses of the step under way came from.
    private(set) var source = DraftSource.lookup

    private var lookup: PromptLookup
    private var lookups = GuessRecord()
    private var lookupProbe = GuessProbe()
    private var predicted: PredictedText
    private var predictions = GuessRecord(acceptance: 0.9)
    private var predictionProbe = GuessProbe()

    /// - Parameters:
    ///   - items: The prompt, and what was generated.
    ///   - maxDrafts: The most guesses in a step; 0 for none ever.
    ///   - modelAcceptance: What share of the draft model's guesses is expected to be right.
    ///   - prediction: A text that the answer is expected to repeat.
    init(_ items: [PromptItem], maxDrafts: Int, modelAcceptance: Double = 0.7, prediction: [TokenID] = []) {
        self.maxDrafts = maxDrafts
        lookup = PromptLookup(maxDrafts > 0 ? items : [])
        predicted = PredictedText(maxDrafts > 0 ? prediction : [])
        model = GuessRecord(acceptance: modelAcceptance)
    }

    /// Takes in a token that was sampled.
    mutating func append(_ token: TokenID) {
        guard maxDrafts > 0 else { return }
        lookup.append(token)
        predicted.append(token)
    }

    /// Takes in what became of the step's guesses.
    mutating func note(drafted: Int, accepted: Int) {
        switch source {
        case .lookup: lookups.note(drafted: drafted, accepted: accepted)
        case .prediction: predictions.note(drafted: drafted, accepted: accepted)
        case .model: model.note(drafted: drafted, accepted: accepted)
        }
    }

    /// Looked-up guesses: the share of them that were right, of those before which all were right.
    var acceptance: Double { lookups.acceptance }

    /// Tokens a second of all sequences together, with the predicted or looked-up guesses that pay.
    func lookupRate(atMost most: Int, streams: Int, step: Double, draft: Double) -> Double {
        let found = lookup.guesses(atMost: min(most, maxDrafts)).count
        let expected = predicted.guesses(atMost: min(most, maxDrafts)).count
        return max(
            lookups.best(atMost: found, streams: streams, step: step, each: draft).rate,
            predictions.best(atMost: expected, streams: streams, step: step, each: draft).rate
        )
    }

    /// What is likely to come next, as far as it pays; often nothing.
    ///
    /// - Parameters:
    ///   - most: The most tokens that the request, the step and the gap leave room for.
    ///   - streams: How many sequences decode in the step: a longer step is a longer one for all of them.
    ///   - step: Seconds of the step without guesses.
    ///   - draft: Seconds that each guess adds.
    /// - Returns: Tokens in order; empty where no guess would pay.
    mutating func guesses(atMost most: Int, streams: Int, step: Double, draft: Double) -> [TokenID] {
        func paying(_ guesses: ArraySlice<TokenID>, _ record: GuessRecord, _ probe: inout GuessProbe) -> [TokenID] {
            guard !guesses.isEmpty else { return [] }
            let count = record.best(atMost: guesses.count, streams: streams, step: step, each: draft).count
            if count == 0 { return probe.isDue() ? Array(guesses.prefix(2)) : [] }
            probe.reset()
            return Array(guesses.prefix(count))
        }
        let expected = paying(predicted.guesses(atMost: min(most, maxDrafts)), predictions, &predictionProbe)
        source = expected.isEmpty ? .lookup : .prediction
        guard expected.isEmpty else { return expected }
        return paying(lookup.guesses(atMost: min(most, maxDrafts)), lookups, &lookupProbe)
    }

    /// How many of the step's first guesses are expected to be right.
    func expectedRight(of count: Int) -> Double {
        switch source {
        case .lookup: lookups.expectedRight(of: count)
        case .prediction: predictions.expectedRight(of: count)
        case .model: model.expectedRight(of: count)
        }
    }

    /// The draft model's guesses for this step, as far as there is room for them.
    mutating func use(_ guesses: [TokenID], atMost most: Int) -> [TokenID] {
        source = .model
        return Array(guesses.prefix(min(most, maxDrafts)))
    }
}
