internal import RuntimeSupport

/// Turns what an engine sees into metrics; told of each event with the time at which it happened.
struct EngineRecorder {
    typealias Instant = ContinuousClock.Instant

    /// What is known of a request that has not ended.
    struct Life {
        let owner: Owner
        let admitted: Instant
        let promptTokens: Int
        /// The prompt of a generation; nil for other work.
        let prompt: [PromptItem]?
        var hasBegun = false
        /// Nil before the first token, and after a pause.
        var lastToken: Instant?
    }

    private(set) var metrics: EngineMetrics
    /// What had been guessed before this engine began.
    private let earlierDrafts: DraftCounts
    private var lives: [RequestID: Life] = [:]

    /// Goes on counting from these metrics.
    init(_ metrics: EngineMetrics) {
        self.metrics = metrics
        earlierDrafts = metrics.drafts
    }

    /// Nil where there is no such request, or it has ended.
    subscript(_ id: RequestID) -> Life? { lives[id] }

    mutating func admitted(_ requests: [Request], at now: Instant) {
        for request in requests {
            let (tokens, prompt): (Int, [PromptItem]?) =
                switch request.work {
                case .generation(let generation):
                    (generation.prompt.reduce(0) { $0 + $1.tokenCount }, generation.prompt)
                case .embedding(let texts): (texts.reduce(0) { $0 + $1.count }, nil)
                }
            lives[request.id] = Life(owner: request.owner, admitted: now, promptTokens: tokens, prompt: prompt)
        }
    }

    /// What was guessed since the engine began.
    mutating func drafted(_ counts: DraftCounts) { metrics.drafts = earlierDrafts + counts }

    mutating func rejected(_ count: Int) { metrics.count(.rejected, count) }

    /// A step begins; whether it is the first one for somebody.
    mutating func began(_ plan: BatchPlan, at now: Instant) -> Bool {
        var isFirst = false
        for (id, _) in plan.participants where lives[id]?.hasBegun == false {
            isFirst = true
            lives[id]?.hasBegun = true
            if let life = lives[id] { metrics.queueSeconds.observe(now - life.admitted) }
        }
        return isFirst
    }

    /// A step is over, whatever came of it.
    mutating func ended(_ plan: BatchPlan, _ outcome: StepOutcome, duration: Duration) {
        if case .draft = plan.step { return metrics.draftStepSeconds.observe(duration) }
        metrics.stepSeconds.observe(duration)
        let sizes =
            switch plan.step {
            case .draft: [Int]()
            case .tokens(let slices): slices.map(\.tokens.count)
            case .embeddings(let texts): texts.map(\.tokens.count)
            case .encode(let step): outcome.isEncoded ? [step.item.tokenCount] : []
            case .media(let slice): [slice.tokens.count]
            }
        if case .encode(let step) = plan.step {
            metrics.encodedMedia.note(step.item, isWhole: outcome.isEncoded, duration)
        }
        metrics.stepSequences.observe(Double(sizes.count))
        metrics.stepTokens.observe(Double(sizes.reduce(0, +)))
    }

    mutating func delivered(_ event: RequestEvent, to id: RequestID, at now: Instant) {
        guard let life = lives[id] else { return }
        switch event {
        case .started(let usage):
            metrics.firstTokenSeconds.observe(now - life.admitted)
            metrics.promptTokens += UInt64(usage.prompt)
            metrics.cachedPromptTokens += UInt64(usage.cached)
        case .token:
            if let last = life.lastToken { metrics.tokenGapSeconds.observe(now - last) }
            lives[id]?.lastToken = now
            metrics.generatedTokens += 1
        case .progress, .scored, .end: break
        case .embedding(_, let usage):
            metrics.promptTokens += UInt64(usage.prompt)
            end(id, .stop)
        case .finished(.stop, _):
            // The token that ends an answer is none of its text, but was generated.
            metrics.generatedTokens += 1
            end(id, .stop)
        case .finished(.length, _): end(id, .length)
        case .failed: end(id, .failed)
        }
    }

    /// Its reader does not read: the gap that this makes is none of the engine's.
    mutating func paused(_ id: RequestID) { lives[id]?.lastToken = nil }

    /// Its reader has gone.
    mutating func cancelled(_ id: RequestID) { end(id, .cancelled) }

    private mutating func end(_ id: RequestID, _ outcome: EngineMetrics.Outcome) {
        guard lives.removeValue(forKey: id) != nil else { return }
        metrics.count(outcome)
    }
}

extension StepOutcome {
    fileprivate var isEncoded: Bool { if case .encoded = self { true } else { false } }
}
