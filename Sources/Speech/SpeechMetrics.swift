package import RuntimeSupport

/// Where an engine of speech counts; it may outlive the engine.
package typealias SpeechBoard = Guarded<SpeechMetrics>

/// What an engine has spoken since the process began.
///
/// An utterance is the text of a request, or one sentence of a spoken chat.
package struct SpeechMetrics: Sendable, Equatable {
    /// How utterances ended.
    package enum Outcome: String, Sendable, CaseIterable {
        case finished
        case failed
        /// The reader went away.
        case cancelled
        /// Too many were under way.
        case rejected
    }

    package private(set) var outcomes: [Outcome: UInt64] = [:]
    /// Of the sound that was made.
    package private(set) var seconds = 0.0
    /// From an utterance's arrival to its first sound.
    package private(set) var firstSoundSeconds = Histogram(
        bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    )

    package init() {}

    mutating func count(_ outcome: Outcome) { outcomes[outcome, default: 0] += 1 }

    /// Takes down sound; the first of an utterance tells how long it was waited for.
    mutating func add(seconds: Double, wait: Duration?) {
        self.seconds += seconds
        if let wait { firstSoundSeconds.observe(wait) }
    }
}
