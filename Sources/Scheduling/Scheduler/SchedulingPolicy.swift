/// The numbers that shape plans; every one is a bound.
package struct SchedulingPolicy: Sendable {
    /// Requests that may wait for a sequence; one more is refused.
    package var maxWaiting = 256
    /// Prompt tokens in a step while somebody is decoding: what bounds the gap that a long prompt makes in a running
    /// stream.
    package var prefillTokensWhileDecoding = 64
    /// Prompt tokens in a step while nobody is: what bounds the time for which a step works on after its client left.
    package var prefillTokensAlone = 512
    /// The shortest prefix for which a sequence is copied, or waited for: below it, computing again is cheaper.
    package var minimumSharedTokens = 32

    package init() {}
}
