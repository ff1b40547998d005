package import RuntimeSupport

/// What an engine has done and what it is doing, as of its last step.
package struct EngineReport: Sendable {
    /// A request that has not ended.
    package struct Request: Sendable {
        package let owner: Owner
        package let state: SchedulerSnapshot.Request
        package let promptTokens: Int
        /// The prompt of a generation, the owner's alone; nil for other work.
        package let prompt: [PromptItem]?
        package let admitted: ContinuousClock.Instant
    }

    package var metrics = EngineMetrics()
    package var counts = Scheduler.Counts()
    /// Running ones first, oldest first.
    package var requests: [Request] = []
    package var sequences: [SchedulerSnapshot.Sequence] = []

    package init() {}
}

/// Where an engine puts its latest report, and everybody reads it without waiting for a step.
///
/// It outlives the engine: the next one of the same model goes on counting.
package typealias EngineBoard = Guarded<EngineReport>
