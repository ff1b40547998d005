import Scheduling
import TestSupport
import Testing

/// A scheduler and a checking backend, driven step by step; every state in between is checked.
struct SchedulerHarness {
    var scheduler: Scheduler
    let backend: CheckingBackend
    let record = PlanRecord()
    private(set) var answers: [RequestID: [TokenID]] = [:]
    private(set) var closings: [RequestID: [RequestEvent]] = [:]
    private(set) var scores: [RequestID: [ScoredToken]] = [:]
    /// The tokens that ended answers, where probabilities were asked for.
    private(set) var ends: [RequestID: ScoredToken] = [:]
    /// How much of the prompt was computed after each step, where that is told.
    private(set) var progress: [RequestID: [Int]] = [:]
    private var nextID: UInt64 = 0

    /// What each step is taken to last; nothing here looks at a clock.
    var cost = StepCost()
    /// Whether other engines have something to do.
    var sharesCores = false
    /// The sum of all steps.
    private(set) var elapsed = 0.0

    init(
        _ limits: BackendLimits = .small,
        policy: SchedulingPolicy = SchedulingPolicy(),
        costs: StepCosts = StepCosts(),
        draftCosts: StepCosts = StepCosts(),
        draftSkill: DraftSkill = .right
    ) {
        scheduler = Scheduler(limits: limits, policy: policy, costs: costs, draftCosts: draftCosts)
        backend = CheckingBackend(limits: limits, record: record, draftSkill: draftSkill)
    }

    mutating func admit(
        _ work: Work,
        owner: Owner = .anyone,
        priority: Scheduling.Priority = .interactive
    ) throws -> RequestID {
        nextID += 1
        let id = RequestID(rawValue: nextID)
        try scheduler.admit([Request(id: id, owner: owner, priority: priority, work: work)])
        return id
    }

    mutating func admit(
        _ prompt: [TokenID],
        maxTokens: Int? = nil,
        owner: Owner = .anyone,
        priority: Scheduling.Priority = .interactive
    ) throws -> RequestID {
        try admit(.generation(.tokens(prompt, maxTokens: maxTokens)), owner: owner, priority: priority)
    }

    /// One plan, carried out and committed; nil where there is nothing to do.
    @discardableResult
    mutating func step() -> BatchPlan? {
        guard let plan = scheduler.plan(sharesCores: sharesCores) else { return nil }
        backend.encodingSeconds = cost.encode
        commit(plan, backend.run(plan))
        return plan
    }

    mutating func commit(_ plan: BatchPlan, _ outcome: StepOutcome) {
        let seconds = plan.encode == nil ? cost.seconds(plan) : backend.lastEncodingSeconds
        elapsed += seconds
        take(scheduler.commit(plan, outcome, duration: .seconds(seconds)))
    }

    private mutating func take(_ events: [(RequestID, RequestEvent)]) {
        for (id, event) in events {
            #expect(closings[id] == nil, "\(id) got an event after its end")
            switch event {
            case .started(let usage): #expect(usage.generated == 0 && answers[id] == nil, "\(id) starts twice")
            case .token(let token, _): answers[id, default: []].append(token)
            case .scored(let tokens): scores[id, default: []] += tokens
            case .end(let token): ends[id] = token
            case .progress(_, let processed): progress[id, default: []].append(processed)
            case .embedding, .finished, .failed: closings[id, default: []].append(event)
            }
        }
        #expect(scheduler.violations == [])
        #expect(record.failures == [])
    }

    /// Steps until nothing is left to do; the number of steps.
    @discardableResult
    mutating func runToEnd(limit: Int = 100_000) -> Int {
        var steps = 0
        while step() != nil {
            steps += 1
            guard steps < limit else {
                Issue.record("no end after \(limit) steps")
                break
            }
        }
        return steps
    }

    func usage(_ id: RequestID) -> TokenUsage? {
        switch closings[id]?.first {
        case .finished(_, let usage), .embedding(_, let usage): usage
        default: nil
        }
    }
}

/// A machine's speed: seconds of a step, as a sum over what is in it.
struct StepCost {
    var step = 0.002
    var decode = 0.005
    var promptToken = 0.003

    var encode = 0.05
    var draft = 0.002
    /// What guesses cost beside other sequences, however few they are.
    var draftsBesideOthers = 0.0
    /// The draft model's: a pass for a guess of each sequence in it, and a token that it reads.
    var draftPass = 0.001
    var draftRead = 0.0005

    func seconds(_ plan: BatchPlan) -> Double {
        if let slice = plan.media { return step + Double(slice.tokens.count) * promptToken }
        if !plan.drafts.isEmpty { return seconds(plan.drafts) }
        let isShared = plan.slices.count > 1 && plan.slices.contains { $0.drafts > 0 }
        return plan.slices.reduce(step + (isShared ? draftsBesideOthers : 0)) { sum, slice in
            if slice.drafts > 0 { return sum + decode + Double(slice.drafts) * draft }
            return sum + (slice.tokens.count > 1 ? Double(slice.tokens.count) * promptToken : decode)
        }
    }

    private func seconds(_ drafts: [DraftSlice]) -> Double {
        drafts.reduce(Double(drafts.map(\.guesses).max() ?? 0) * draftPass) { sum, slice in
            sum + Double(slice.guesses > 0 ? max(0, slice.tokens.count - 2) : slice.tokens.count) * draftRead
        }
    }

    /// What a scheduler has learned of the draft model.
    var learnedOfDrafts: StepCosts {
        var costs = StepCosts()
        for count in 1...8 { costs.note(StepLoad(decoding: count), seconds: draftPass) }
        costs.note(StepLoad(decoding: 0, promptTokens: 1), seconds: draftRead)
        return costs
    }

    /// What a scheduler has learned on this machine.
    var learned: StepCosts {
        var costs = StepCosts()
        for count in 1...8 { costs.note(StepLoad(decoding: count), seconds: step + Double(count) * decode) }
        costs.note(StepLoad(decoding: 1, promptTokens: 32), seconds: step + decode + 32 * promptToken)
        return costs
    }
}

extension BackendLimits {
    static let small = Self(maxSequences: 4, contextLength: 256, maxStepTokens: 64)
}

extension Generation {
    static func tokens(_ prompt: [TokenID], maxTokens: Int? = nil, seed: UInt32 = 0) -> Self {
        var sampling = Sampling()
        sampling.seed = seed
        return Self(prompt: prompt.map(PromptItem.token), sampling: sampling, maxTokens: maxTokens)
    }

    /// A generation that only a token limit ends.
    static func endless(_ prompt: [TokenID], maxTokens: Int? = nil) -> Self {
        var sampling = Sampling()
        sampling.ignoresEnd = true
        return Self(prompt: prompt.map(PromptItem.token), sampling: sampling, maxTokens: maxTokens)
    }
}

extension BatchPlan {
    var slices: [TokenSlice] { if case .tokens(let slices) = step { slices } else { [] } }
    var drafts: [DraftSlice] { if case .draft(let slices) = step { slices } else { [] } }
    var texts: [EmbeddingText] { if case .embeddings(let texts) = step { texts } else { [] } }
    var encode: EncodeStep? { if case .encode(let step) = step { step } else { nil } }
    var media: MediaSlice? { if case .media(let slice) = step { slice } else { nil } }
}
