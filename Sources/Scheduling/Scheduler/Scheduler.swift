/// Decides which request's work is in the next step: continuous batching as a value, without C, clock or I/O.
///
/// The life of a request: `admit` puts it into the bounded queue of its priority; `plan` gives it a sequence and puts its
/// prompt into steps, in chunks, and then one token a step; `commit` tells what a step gave, and ends the request with
/// exactly one closing event. `cancel` ends it without one. A running request can be set back: its state is saved, its
/// sequence serves another, and later it goes on. Plans and commits alternate; the others may come at any time, between a
/// plan and its commit too.
///
/// Decoding sequences are in every token step; what is left of the step goes to prompts. Steps of different kinds take
/// turns. See Scheduler+Admission (the queues), Scheduler+Starting (which sequence, which prefix), Scheduler+Memory
/// (what is kept), Scheduler+Planning, Scheduler+Drafting, Scheduler+ModelDrafts, Scheduler+Media, Scheduler+Embedding and
/// Scheduler+Commit.
package struct Scheduler: Sendable {
    package let limits: BackendLimits
    package let policy: SchedulingPolicy

    /// Generations that wait for a sequence: first those that were set back, then the others, oldest first.
    var waiting: [WaitingGeneration] = []
    /// Requests whose texts wait for embedding steps, oldest first.
    var embeddings: [WaitingEmbedding] = []
    /// Generations that hold a sequence, in the order in which they got it.
    var running: [RunningGeneration] = []
    /// One for each of the backend's sequences.
    var slots: [SequenceSlot]
    /// What was saved out of the KV cache.
    var states: [StateID: SavedState] = [:]
    /// What every sequence and saved state holds, for each owner: nobody's prefix is found by another.
    var prefixes: [Owner: PrefixTree] = [:]
    /// Operations that the next plan begins with.
    var pendingOperations: [SequenceOperation] = []
    /// The kind of the last step, so that kinds take turns.
    var lastKind: StepKind?
    /// The request of the last step, where each has steps of its own.
    var lastServed: RequestID?
    /// Whether something has changed by which a waiting generation may begin.
    var mayStart = false
    /// Starts of interactive requests since the last one of batch work that was waiting too.
    var interactiveStarts = 0
    /// Vectors of media that the backend keeps.
    var encodings = EncodingCache()
    /// The encoding of which a part is done.
    var begunEncoding: EncodingKey?
    /// Steps of media so far.
    var mediaSteps = 0
    /// Embedding steps so far.
    var embeddingSteps = 0
    /// How often a request was set back.
    package internal(set) var setBacks = 0
    /// How prompts are fitted in between running streams.
    var pacing: PromptPacing
    /// How many tokens answers have.
    var answerLength = AnswerLength()
    /// The draft model, where there is one.
    var drafting: ModelDrafting
    /// What was guessed ahead, and what of it was right.
    package internal(set) var draftCounts = DraftCounts()
    /// How often guesses were left out of a step because they would not have paid.
    var draftsHeldBack = 0
    /// Counts plans: the time that least-recently-used is measured in.
    var tick: UInt64 = 0
    var lastState: UInt64 = 0

    /// - Parameters:
    ///   - limits: The backend's.
    ///   - policy: The numbers that shape plans.
    ///   - costs: What is known already of how long steps take.
    ///   - draftCosts: And how long steps of the draft model do, for each guess.
    package init(
        limits: BackendLimits,
        policy: SchedulingPolicy = SchedulingPolicy(),
        costs: StepCosts = StepCosts(),
        draftCosts: StepCosts = StepCosts()
    ) {
        precondition(limits.maxSequences > 0 && limits.maxStepTokens >= limits.maxSequences)
        precondition(limits.cacheTokens >= limits.contextLength)
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
        drafting = ModelDrafting(
            isOn: limits.draftContextLength > 0 && Self.drafts(limits, policy),
            sequences: limits.maxSequences,
            costs: draftCosts
        )
        slots = (0..<limits.maxSequences).map { SequenceSlot(id: SequenceID(rawValue: Int32($0))) }
    }

    /// Whether tokens are guessed ahead at all; guesses that were wrong have to be cut off again.
    static func drafts(_ limits: BackendLimits, _ policy: SchedulingPolicy) -> Bool {
        limits.cutsSequences && policy.fixedChunk == nil && policy.maxDrafts > 0
    }

    /// Forgets a request without an event; no later plan works for it.
    ///
    /// Unknown ids are ignored.
    package mutating func cancel(_ id: RequestID) {
        mayStart = true
        if let index = waiting.firstIndex(where: { $0.id == id }) {
            if waiting[index].progress != nil { forgetProgress(of: id) }
            waiting.remove(at: index)
        }
        embeddings.removeAll { $0.id == id }
        if let index = running.firstIndex(where: { $0.id == id }) { release(index, isDirty: false) }
    }

    /// Leaves a decoding request out of plans until `resume`; its sequence is kept.
    package mutating func pause(_ id: RequestID) { setPaused(id, true) }

    package mutating func resume(_ id: RequestID) { setPaused(id, false) }

    private mutating func setPaused(_ id: RequestID, _ isPaused: Bool) {
        if let index = running.firstIndex(where: { $0.id == id }) {
            running[index].isPaused = isPaused
        } else if let index = waiting.firstIndex(where: { $0.id == id }) {
            waiting[index].progress?.isPaused = isPaused
        }
        mayStart = true
    }

    /// Whether a plan could be made now, or will be once paused requests are resumed.
    package var hasRequests: Bool { !waiting.isEmpty || !embeddings.isEmpty || !running.isEmpty }

    /// Every request that was admitted and has not ended.
    package var requests: [RequestID] { running.map(\.id) + waiting.map(\.id) + embeddings.map(\.id) }

    /// What steps are thought to take.
    package var costs: StepCosts { pacing.costs }

    /// What steps of the draft model are thought to take.
    package var draftCosts: StepCosts { drafting.costs }

    /// Whether there is a draft model that has not failed.
    package var asksDraftModel: Bool { drafting.isOn }

    /// The requests whose next token is all that is to be computed of them, and whose readers keep up.
    package var streams: [RequestID] { running.filter { $0.isDecoding && !$0.isPaused }.map(\.id) }

    /// How many states are saved outside the KV cache.
    package var savedStates: Int { states.count }

    package var counts: Counts {
        Counts(
            waiting: waiting.count + embeddings.count,
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
}
