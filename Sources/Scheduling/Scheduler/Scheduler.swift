/// Decides which request's work is in the next step: continuous batching as a value, without C, clock or I/O.
///
/// The life of a request: `admit` puts it into the bounded queue; `plan` gives it a sequence and puts its prompt into
/// steps, in chunks, and then one token a step; `commit` tells what a step gave, and ends the request with exactly one
/// closing event. `cancel` ends it without one. Plans and commits alternate; the others may come at any time, between a
/// plan and its commit too.
///
/// Decoding sequences are in every token step; what is left of the step goes to prompts in the order of arrival. Steps
/// of different kinds take turns. See Scheduler+Planning, Scheduler+Admission and Scheduler+Commit.
package struct Scheduler: Sendable {
    package let limits: BackendLimits
    package let policy: SchedulingPolicy

    /// Generations that wait for a sequence, oldest first.
    var waiting: [WaitingGeneration] = []
    /// Texts that wait for an embedding step, oldest first.
    var waitingTexts: [EmbeddingText] = []
    /// Generations that hold a sequence, oldest first.
    var running: [RunningGeneration] = []
    /// One for each of the backend's sequences.
    var slots: [SequenceSlot]
    /// Operations that the next plan begins with.
    var pendingOperations: [SequenceOperation] = []
    /// The kind of the last step, so that kinds take turns.
    var lastKind: StepKind?
    /// Whether something has changed by which a waiting generation may begin.
    var mayStart = false
    /// How prompts are fitted in between running streams.
    var pacing: PromptPacing
    /// Counts plans: the time that least-recently-used is measured in.
    var tick: UInt64 = 0

    /// - Parameters:
    ///   - limits: The backend's.
    ///   - policy: The numbers that shape plans.
    ///   - costs: What is known already of how long steps take.
    package init(
        limits: BackendLimits,
        policy: SchedulingPolicy = SchedulingPolicy(),
        costs: StepCosts = StepCosts()
    ) {
        precondition(limits.maxSequences > 0 && limits.maxStepTokens >= limits.maxSequences)
        self.limits = limits
        self.policy = policy
        pacing = PromptPacing(
            maxGap: policy.maxGap / .seconds(1),
            smallestChunk: policy.smallestChunk,
            firstChunk: policy.firstChunk,
            maxStepAlone: policy.maxStepAlone / .seconds(1),
            largestChunk: policy.prefillTokensAlone,
            costs: costs
        )
        slots = (0..<limits.maxSequences).map { SequenceSlot(id: SequenceID(rawValue: Int32($0))) }
    }

    /// Takes requests into the queue, all or none.
    ///
    /// - Throws: `queueFull`, or why one of them can never run here.
    package mutating func admit(_ requests: [Request]) throws(SchedulingError) {
        // First what can never run: no later try would help it.
        for request in requests { try check(request) }
        // Those that a free sequence awaits do not wait.
        let places = policy.maxWaiting + limits.maxSequences - running.count
        guard requests.count <= policy.maxWaiting + limits.maxSequences else {
            throw SchedulingError(
                .tooMany(limit: policy.maxWaiting + limits.maxSequences),
                "it asks for too much at once"
            )
        }
        guard waiting.count + waitingTexts.count + requests.count <= places else {
            throw SchedulingError(
                .queueFull(retryAfterSeconds: nil),
                "\(waiting.count + waitingTexts.count) requests are waiting already"
            )
        }
        mayStart = true
        for request in requests {
            switch request.work {
            case .generation(let generation):
                waiting.append(WaitingGeneration(id: request.id, owner: request.owner, generation: generation))
            case .embedding(let tokens):
                waitingTexts.append(EmbeddingText(request: request.id, tokens: tokens))
            }
        }
    }

    /// Forgets a request without an event; no later plan works for it.
    ///
    /// Unknown ids are ignored.
    package mutating func cancel(_ id: RequestID) {
        mayStart = true
        waiting.removeAll { $0.id == id }
        waitingTexts.removeAll { $0.request == id }
        if let index = running.firstIndex(where: { $0.id == id }) { release(index, isDirty: false) }
    }

    /// Leaves a decoding request out of plans until `resume`; its sequence is kept.
    package mutating func pause(_ id: RequestID) { setPaused(id, true) }

    package mutating func resume(_ id: RequestID) { setPaused(id, false) }

    private mutating func setPaused(_ id: RequestID, _ isPaused: Bool) {
        guard let index = running.firstIndex(where: { $0.id == id }) else { return }
        running[index].isPaused = isPaused
    }

    /// Whether a plan could be made now, or will be once paused requests are resumed.
    package var hasRequests: Bool { !waiting.isEmpty || !waitingTexts.isEmpty || !running.isEmpty }

    /// Every request that was admitted and has not ended.
    package var requests: [RequestID] { running.map(\.id) + waiting.map(\.id) + waitingTexts.map(\.request) }

    package var counts: Counts {
        Counts(
            waiting: waiting.count + waitingTexts.count,
            running: running.count,
            paused: running.count { $0.isPaused }
        )
    }

    /// How many requests are in which state.
    package struct Counts: Sendable, Equatable {
        package var waiting = 0
        package var running = 0
        package var paused = 0

        package init(waiting: Int = 0, running: Int = 0, paused: Int = 0) {
            self.waiting = waiting
            self.running = running
            self.paused = paused
        }
    }

    private func check(_ request: Request) throws(SchedulingError) {
        switch request.work {
        case .generation(let generation):
            guard limits.generates else { throw Self.unsupported("generate text") }
            guard !generation.prompt.isEmpty else { throw SchedulingError(.emptyPrompt, "the prompt is empty") }
            let tokens = generation.prompt.reduce(0) { $0 + $1.tokenCount }
            guard tokens < limits.contextLength else {
                throw SchedulingError(
                    .promptTooLong(limit: limits.contextLength, tokens: tokens),
                    "the prompt has \(tokens) tokens, the context \(limits.contextLength)"
                )
            }
            guard limits.encodesMedia || generation.prompt.allSatisfy({ $0.token != nil }) else {
                throw Self.unsupported("take media")
            }
        case .embedding(let tokens):
            guard limits.embeds else { throw Self.unsupported("embed") }
            guard !tokens.isEmpty else { throw SchedulingError(.emptyPrompt, "the text is empty") }
            guard tokens.count <= limits.maxEmbeddingTokens else {
                throw SchedulingError(
                    .promptTooLong(limit: limits.maxEmbeddingTokens, tokens: tokens.count),
                    "the text has \(tokens.count) tokens, the model takes \(limits.maxEmbeddingTokens)"
                )
            }
        }
    }

    private static func unsupported(_ what: String) -> SchedulingError {
        SchedulingError(.unsupportedWork, "the model does not \(what)")
    }
}
