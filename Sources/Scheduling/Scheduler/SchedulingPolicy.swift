/// The numbers that shape plans; every one is a bound.
package struct SchedulingPolicy: Sendable {
    /// Requests that may wait for a sequence; one more is refused.
    package var maxWaiting = 256
    /// The longest time that a step takes while somebody is decoding, by what steps took so far: the longest gap that a
    /// long prompt makes in a running stream.
    package var maxGap: Duration = .milliseconds(100)
    /// The fewest prompt tokens in a step beside running streams, even where they take longer than `maxGap`.
    package var smallestChunk = 4
    /// Prompt tokens in a step beside running streams while nothing is known of what they cost.
    package var firstChunk = 16
    /// Prompt tokens in a step while nobody is decoding, at most; and the time that such a step takes, by what steps took
    /// so far: what bounds how long a step works on after its client left, and how long a new request waits to be heard.
    package var prefillTokensAlone = 512
    package var maxStepAlone: Duration = .seconds(1)
    /// The shortest prefix for which a sequence is copied, or waited for, where `BackendLimits.copyCost` is not more:
    /// below it, computing again is cheaper.
    package var minimumSharedTokens = 32

    package init() {}
}
