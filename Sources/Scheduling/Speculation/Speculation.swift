/// Guesses what a sequence goes on with, by looking up its last tokens in what it holds already: prompt and answer.
///
/// Text that quotes, edits or repeats goes on as it did before. A guess costs part of a step and gains a whole one where it
/// is right, so how often guesses were right is kept, and decides how many are made. After the idea of prompt look-up
/// decoding (Saxena, 2023); that the answer is unchanged by it is Leviathan, Kalman and Matias, "Fast Inference from
/// Transformers via Speculative Decoding" (2023), in the case of a deterministic draft.
struct Speculation: Sendable {
    private let maxDrafts: Int
    private var tokens: [TokenID] = []
    /// Where each run of `length` tokens ended last.
    private var lastEnds: [Run: Int] = [:]
    /// Guesses that were right, and guesses that were tested, the recent ones weighing more.
    private var right = 1.4
    private var tested = 2.0
    /// Steps until a guess is made though guesses have not paid.
    private var untilProbe = 0
    private var probeInterval = Self.firstProbeInterval

    /// How many tokens have to be as they were for what followed to be a guess.
    private static let length = 3
    private static let firstProbeInterval = 16
    private static let longestProbeInterval = 256
    private static let memory = 0.9

    private struct Run: Hashable, Sendable {
        let first: TokenID
        let second: TokenID
        let third: TokenID
    }

    /// - Parameters:
    ///   - items: The prompt, and what was generated.
    ///   - maxDrafts: The most guesses in a step; 0 for none ever.
    init(_ items: [PromptItem], maxDrafts: Int) {
        self.maxDrafts = maxDrafts
        guard maxDrafts > 0 else { return }
        tokens.reserveCapacity(items.count + 64)
        // Media is like no token.
        for item in items { append(item.token ?? -1) }
    }

    /// Takes in a token that was sampled.
    mutating func append(_ token: TokenID) {
        guard maxDrafts > 0 else { return }
        // What follows a run is only known once it is there.
        if let run = run(endingAt: tokens.count) { lastEnds[run] = tokens.count }
        tokens.append(token)
    }

    /// Takes in what became of guesses.
    mutating func note(drafted: Int, accepted: Int) {
        guard drafted > 0 else { return }
        right = right * Self.memory + Double(accepted)
        tested = tested * Self.memory + Double(min(drafted, accepted + 1))
    }

    /// The share of the guesses that were right, of those before which all were right.
    var acceptance: Double { right / tested }

    /// What is likely to come next, as far as it pays; often nothing.
    ///
    /// - Parameters:
    ///   - most: The most tokens that the request, the step and the gap leave room for.
    ///   - streams: How many sequences decode in the step: a longer step is a longer one for all of them.
    ///   - step: Seconds of the step without guesses.
    ///   - draft: Seconds that each guess adds.
    /// - Returns: Tokens in order; empty where no guess would pay.
    mutating func guesses(atMost most: Int, streams: Int, step: Double, draft: Double) -> [TokenID] {
        let most = min(most, maxDrafts)
        guard most > 0, let run = run(endingAt: tokens.count), let end = lastEnds[run] else { return [] }
        let follows = tokens[end..<min(tokens.count, end + most)].prefix { $0 >= 0 }
        var count = Self.bestCount(follows.count, acceptance, streams: streams, step: step, draft: draft)
        if count == 0 {
            untilProbe -= 1
            guard untilProbe < 0 else { return [] }
            probeInterval = min(probeInterval * 2, Self.longestProbeInterval)
            untilProbe = probeInterval
            count = min(2, follows.count)
        } else {
            probeInterval = Self.firstProbeInterval
        }
        return Array(follows.prefix(count))
    }

    /// The number of guesses by which all sequences together get most tokens a second.
    private static func bestCount(
        _ most: Int,
        _ acceptance: Double,
        streams: Int,
        step: Double,
        draft: Double
    ) -> Int {
        var best = (count: 0, rate: Double(streams) / step)
        var expected = Double(streams)
        var chance = 1.0
        for count in stride(from: 1, through: most, by: 1) {
            chance *= acceptance
            expected += chance
            let rate = expected / (step + Double(count) * draft)
            if rate > best.rate { best = (count, rate) }
        }
        return best.count
    }

    private func run(endingAt end: Int) -> Run? {
        guard end >= Self.length else { return nil }
        return Run(first: tokens[end - 3], second: tokens[end - 2], third: tokens[end - 1])
    }
}
