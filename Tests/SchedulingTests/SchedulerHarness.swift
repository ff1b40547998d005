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
    private var nextID: UInt64 = 0

    init(_ limits: BackendLimits = .small, policy: SchedulingPolicy = SchedulingPolicy()) {
        scheduler = Scheduler(limits: limits, policy: policy)
        backend = CheckingBackend(limits: limits, record: record)
    }

    mutating func admit(_ work: Work, owner: Owner = .anyone) throws -> RequestID {
        nextID += 1
        let id = RequestID(rawValue: nextID)
        try scheduler.admit([Request(id: id, owner: owner, work: work)])
        return id
    }

    mutating func admit(_ prompt: [TokenID], maxTokens: Int? = nil, owner: Owner = .anyone) throws -> RequestID {
        try admit(.generation(.tokens(prompt, maxTokens: maxTokens)), owner: owner)
    }

    /// One plan, carried out and committed; nil where there is nothing to do.
    @discardableResult
    mutating func step() -> BatchPlan? {
        guard let plan = scheduler.plan() else { return nil }
        take(scheduler.commit(plan, backend.run(plan)))
        return plan
    }

    mutating func take(_ events: [(RequestID, RequestEvent)]) {
        for (id, event) in events {
            #expect(closings[id] == nil, "\(id) got an event after its end")
            if case .token(let token) = event {
                answers[id, default: []].append(token)
            } else {
                closings[id, default: []].append(event)
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
    var texts: [EmbeddingText] { if case .embeddings(let texts) = step { texts } else { [] } }
    var encode: EncodeStep? { if case .encode(let step) = step { step } else { nil } }
}
