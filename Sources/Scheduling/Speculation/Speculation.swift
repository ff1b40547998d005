/// What is guessed ahead of one request: by looking up its last tokens in what it holds, or by a draft model.
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
    /// Steps until a looked-up guess is made though they have not paid.
    private var untilProbe = 0
    private var probeInterval = Self.firstProbeInterval

    private static let firstProbeInterval = 16
    private static let longestProbeInterval = 256

    /// - Parameters:
    ///   - items: The prompt, and what was generated.
    ///   - maxDrafts: The most guesses in a step; 0 for none ever.
    ///   - modelAcceptance: What share of the draft model's guesses is expected to be right.
    init(_ items: [PromptItem], maxDrafts: Int, modelAcceptance: Double = 0.7) {
        self.maxDrafts = maxDrafts
        lookup = PromptLookup(maxDrafts > 0 ? items : [])
        model = GuessRecord(acceptance: modelAcceptance)
    }

    /// Takes in a token that was sampled.
    mutating func append(_ token: TokenID) {
        if maxDrafts > 0 { lookup.append(token) }
    }

    /// Takes in what became of the step's guesses.
    mutating func note(drafted: Int, accepted: Int) {
        switch source {
        case .lookup: lookups.note(drafted: drafted, accepted: accepted)
        case .model: model.note(drafted: drafted, accepted: accepted)
        }
    }

    /// Looked-up guesses: the share of them that were right, of those before which all were right.
    var acceptance: Double { lookups.acceptance }

    /// Tokens a second of all sequences together, with the looked-up guesses that pay.
    func lookupRate(atMost most: Int, streams: Int, step: Double, draft: Double) -> Double {
        let found = lookup.guesses(atMost: min(most, maxDrafts)).count
        return lookups.best(atMost: found, streams: streams, step: step, each: draft).rate
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
        source = .lookup
        let found = lookup.guesses(atMost: min(most, maxDrafts))
        guard !found.isEmpty else { return [] }
        var count = lookups.best(atMost: found.count, streams: streams, step: step, each: draft).count
        if count == 0 {
            untilProbe -= 1
            guard untilProbe < 0 else { return [] }
            probeInterval = min(probeInterval * 2, Self.longestProbeInterval)
            untilProbe = probeInterval
            count = min(2, found.count)
        } else {
            probeInterval = Self.firstProbeInterval
        }
        return Array(found.prefix(count))
    }

    /// How many of the step's first guesses are expected to be right.
    func expectedRight(of count: Int) -> Double {
        (source == .lookup ? lookups : model).expectedRight(of: count)
    }

    /// The draft model's guesses for this step, as far as there is room for them.
    mutating func use(_ guesses: [TokenID], atMost most: Int) -> [TokenID] {
        source = .model
        return Array(guesses.prefix(min(most, maxDrafts)))
    }
}
