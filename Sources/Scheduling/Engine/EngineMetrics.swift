package import RuntimeSupport

/// What an engine has done since the process began, as counters and histograms.
///
/// Durations are in seconds.
package struct EngineMetrics: Sendable, Equatable {
    /// How requests ended.
    package enum Outcome: String, Sendable, CaseIterable {
        /// The model ended its answer, or a text was embedded.
        case stop
        /// The token limit or the context ended it.
        case length
        /// The reader went away: a client that left, or a stop string that was found.
        case cancelled
        case failed
        /// Refused because the queue was full.
        case rejected
    }

    /// From admission to the first step that works for a request.
    package var queueSeconds = Histogram(bounds: Self.waits)
    /// From admission to the first token.
    package var firstTokenSeconds = Histogram(bounds: Self.waits)
    /// Between two tokens of one answer; not while its reader does not read.
    package var tokenGapSeconds = Histogram(bounds: Self.moments)
    /// Of steps that generate or embed.
    package var stepSeconds = Histogram(bounds: Self.moments)
    /// Of the draft model's steps.
    package var draftStepSeconds = Histogram(bounds: Self.moments)
    /// Sequences, or texts, in a step.
    package var stepSequences = Histogram(bounds: Self.powersOfTwo(upTo: 256))
    /// Tokens in a step.
    package var stepTokens = Histogram(bounds: Self.powersOfTwo(upTo: 4096))
    /// Of the requests whose first token has come, cached ones included.
    package var promptTokens: UInt64 = 0
    /// How many of them were in the KV cache already.
    package var cachedPromptTokens: UInt64 = 0
    package var generatedTokens: UInt64 = 0
    /// What was guessed ahead, and what of it was right.
    package var drafts = DraftCounts()
    package var encodedMedia = EncodedMedia()
    private var outcomes: [Outcome: UInt64] = [:]

    /// Media that were encoded: an image, or each of the slices that it was cut into.
    package struct EncodedMedia: Sendable, Equatable {
        package var count: UInt64 = 0
        package var tokens: UInt64 = 0
        package var seconds = 0.0

        mutating func note(_ item: MediaItem, isWhole: Bool, _ duration: Duration) {
            seconds += duration / .seconds(1)
            guard isWhole else { return }
            count += 1
            tokens += UInt64(item.tokenCount)
        }
    }

    package init() {}

    /// How many requests ended so.
    package func requests(_ outcome: Outcome) -> UInt64 { outcomes[outcome, default: 0] }

    mutating func count(_ outcome: Outcome, _ number: Int = 1) { outcomes[outcome, default: 0] += UInt64(number) }

    private static let waits = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
    ]
    private static let moments = [
        0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    private static func powersOfTwo(upTo last: Int) -> [Double] {
        sequence(first: 1) { $0 * 2 }.prefix { $0 <= last }.map(Double.init)
    }
}
