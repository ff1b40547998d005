import Scheduling
import TestSupport
import Testing

/// Random arrivals, cancels, pauses, sizes and failures; after each step the scheduler's state and the plan are checked.
@Suite("Random schedules")
struct SchedulePropertyTests {
    @Test("every request ends exactly once with the right answer, whatever happens to others", arguments: 0..<1000)
    func random(seed: UInt64) throws {
        var schedule = RandomSchedule(seed: seed)
        for _ in 0..<80 { try schedule.act() }
        try schedule.finish()
    }
}

/// One random schedule.
private struct RandomSchedule {
    private var random: SplitMix64
    private let limits: BackendLimits
    private let policy: SchedulingPolicy
    private var harness: SchedulerHarness
    private var admitted: [RequestID: (work: Work, owner: Owner)] = [:]
    private var cancelled: Set<RequestID> = []
    private var paused: Set<RequestID> = []
    /// How many steps in a row each running stream was left out of.
    private var left: [RequestID: Int] = [:]
    /// What the draft step before the next token step took.
    private var draftSeconds = 0.0

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let sequences = Int.random(in: 1...6, using: &random)
        var limits = BackendLimits(
            maxSequences: sequences,
            contextLength: 128,
            maxStepTokens: Int.random(in: 8...48, using: &random),
            maxEmbeddingTokens: 40,
            embeds: true,
            encodesMedia: true,
            cutsSequences: seed % 4 != 0,
            cutsStates: seed % 4 != 1,
            stateBytes: Int.random(in: 0...20, using: &random),
            stateBytesPerToken: 1
        )
        if seed % 2 == 0 || seed % 7 == 0 { limits.draftContextLength = Int.random(in: 40...128, using: &random) }
        if seed % 3 == 0 { limits.cacheTokens = Int.random(in: 128...max(128, 96 * sequences), using: &random) }
        var policy = SchedulingPolicy()
        policy.maxWaiting = 20
        policy.minimumSharedTokens = Int.random(in: 1...16, using: &random)
        policy.firstChunk = Int.random(in: 1...32, using: &random)
        policy.maxGap = .milliseconds(Int.random(in: 5...200, using: &random))
        policy.stateBytes = [0, 100, 1000][Int.random(in: 0..<3, using: &random)]
        policy.maxDrafts = [0, 4][Int.random(in: 0..<2, using: &random)]
        if seed % 5 == 0 { policy.fixedChunk = Int.random(in: 1...16, using: &random) }
        // The draft model is cheap or dear, and known or not.
        var cost = StepCost()
        cost.draftPass = [0.0005, 0.02][Int.random(in: 0..<2, using: &random)]
        cost.draftRead = [0.0001, 0.003][Int.random(in: 0..<2, using: &random)]
        let isKnown = Bool.random(using: &random)
        let skill = DraftSkill.allCases[Int.random(in: 0..<DraftSkill.allCases.count, using: &random)]
        self.random = random
        self.limits = limits
        self.policy = policy
        harness = SchedulerHarness(
            limits,
            policy: policy,
            draftCosts: isKnown ? cost.learnedOfDrafts : StepCosts(),
            draftSkill: skill
        )
        harness.cost = cost
    }

    mutating func act() throws {
        switch Int.random(in: 0..<12, using: &random) {
        case 0...3: admit()
        case 4:
            guard let id = harness.scheduler.requests.randomElement(using: &random) else { break }
            harness.scheduler.cancel(id)
            cancelled.insert(id)
        case 5:
            guard let id = harness.scheduler.requests.randomElement(using: &random) else { break }
            harness.scheduler.pause(id)
            paused.insert(id)
        case 6: resumeAll()
        case 7:
            let faults: [StepOutcome] = [
                .noRoom, .failed("a fault"), .aborted, .operationFailed(index: 0, ""), .operationFailed(index: 1, ""),
                .operationFailed(index: 2, ""),
            ]
            let number = harness.record.plans.count + Int.random(in: 0..<4, using: &random)
            harness.record.setOutcome(faults[Int.random(in: 0..<faults.count, using: &random)], ofStep: number)
        default: step()
        }
        #expect(harness.scheduler.violations == [])
    }

    private mutating func resumeAll() {
        paused.forEach { harness.scheduler.resume($0) }
        paused = []
    }

    /// One step; it holds to the gap by the scheduler's own estimate, and leaves out no stream.
    private mutating func step() {
        let costs = harness.scheduler.costs
        let draftCosts = harness.scheduler.draftCosts
        let streams = harness.scheduler.streams
        let start = harness.elapsed
        guard let plan = harness.step() else { return }
        if !plan.drafts.isEmpty {
            #expect(draftSeconds == 0, "two draft steps, and no token step between them")
            draftSeconds = harness.elapsed - start
            checkGap(plan.drafts, streams: streams.count, costs, draftCosts)
            return
        }
        let drafted = draftSeconds
        if !plan.slices.isEmpty { draftSeconds = 0 }
        guard policy.fixedChunk == nil, !plan.slices.isEmpty else { return }
        let served = Set(plan.slices.map(\.request))
        let prompts = plan.slices.filter { !decodes($0) }
        let load = StepLoad(
            decoding: plan.slices.count - prompts.count,
            drafts: plan.slices.reduce(0) { $0 + $1.drafts },
            promptTokens: prompts.reduce(0) { $0 + $1.tokens.count }
        )
        let isBound = load.decoding > 0 && (load.promptTokens > policy.smallestChunk || load.drafts > 0)
        if isBound, let estimate = costs.estimate(load) {
            #expect(drafted == 0 || load.promptTokens == 0, "prompts between guesses and their check")
            #expect(drafted + estimate <= policy.maxGap / .seconds(1) + 1e-6, "the plan breaks the promised gap")
        }
        let now = Set(harness.scheduler.streams)
        for id in streams where now.contains(id) { #expect(served.contains(id), "a stream was left out") }
    }

    /// A draft step and the step that checks its guesses hold to the gap by the estimates, as far as there are any.
    private func checkGap(_ slices: [DraftSlice], streams: Int, _ costs: StepCosts, _ draftCosts: StepCosts) {
        let guessing = slices.count { $0.guesses > 0 }
        guard let step = costs.decode(streams), let read = draftCosts.promptTokenAlone else { return }
        var seconds = step
        for slice in slices {
            seconds += Double(slice.guesses > 0 ? max(0, slice.tokens.count - 2) : slice.tokens.count) * read
            seconds += Double(slice.guesses) * (costs.draftToken(streams) ?? 0)
        }
        if let depth = slices.map(\.guesses).max(), depth > 0 {
            guard let pass = draftCosts.decode(guessing) else { return }
            seconds += Double(depth) * pass
        }
        #expect(seconds <= policy.maxGap / .seconds(1) + 1e-6, "the draft step breaks the promised gap")
    }

    /// Whether a slice holds one token of an answer, and guesses of the next ones.
    private func decodes(_ slice: TokenSlice) -> Bool {
        guard case .generation(let generation) = admitted[slice.request]?.work else { return false }
        let prompt = generation.prompt.reduce(0) { $0 + $1.positionCount }
        return slice.samples && slice.tokens.count == slice.drafts + 1 && slice.position >= prompt
    }

    private mutating func admit() {
        let work = randomWork()
        let owner = Owner(rawValue: Int.random(in: 0..<3, using: &random))
        let priority: Scheduling.Priority = Int.random(in: 0..<3, using: &random) == 0 ? .batch : .interactive
        do {
            admitted[try harness.admit(work, owner: owner, priority: priority)] = (work, owner)
        } catch {
            #expect(error is SchedulingError)
        }
    }

    mutating func finish() throws {
        resumeAll()
        harness.runToEnd(limit: 20_000)
        #expect(!harness.scheduler.hasRequests)
        for (id, (work, _)) in admitted {
            let closings = harness.closings[id] ?? []
            if cancelled.contains(id), closings.isEmpty { continue }
            try #require(closings.count == 1)
            guard case .generation(let generation) = work, case .finished = closings[0] else { continue }
            #expect(harness.answers[id, default: []] == CheckingBackend.expectedAnswer(to: generation, limits: limits))
        }
        checkOwners()
        let counts = harness.scheduler.draftCounts
        for source in DraftSource.allCases {
            #expect(counts.accepted[source, default: 0] <= counts.drafted[source, default: 0])
        }
        if limits.draftContextLength == 0 { #expect(counts.drafted[.model] == nil) }
    }

    /// What a request found in memory, its own owner has asked before.
    private func checkOwners() {
        for (id, (work, owner)) in admitted {
            guard case .generation(let generation) = work, let cached = harness.usage(id)?.cached, cached > 0 else {
                continue
            }
            let known = admitted.contains { other, value in
                guard other != id, value.owner == owner, case .generation(let theirs) = value.work else { return false }
                let items = theirs.prompt + harness.answers[other, default: []].map(PromptItem.token)
                let shared = zip(items, generation.prompt).prefix { $0 == $1 }.reduce(0) { $0 + $1.0.tokenCount }
                return shared >= cached
            }
            #expect(known, "\(id) found what its owner never asked")
        }
    }

    private mutating func randomWork() -> Work {
        if Int.random(in: 0..<6, using: &random) == 0 {
            let count = Int.random(in: 1...6, using: &random)
            return .embedding(
                (0..<count).map { _ in Array(repeating: 1, count: Int.random(in: 1...40, using: &random)) }
            )
        }
        // Few different beginnings, so that prefixes are shared; some repeat, so that guesses are made.
        let family = TokenID.random(in: 0..<3, using: &random)
        let period = Bool.random(using: &random) ? TokenID(5) : 1000
        var prompt = (0..<TokenID.random(in: 1...60, using: &random)).map {
            PromptItem.token($0 % period &* 7 &+ family)
        }
        if Int.random(in: 0..<5, using: &random) == 0 {
            let isWhole = Bool.random(using: &random)
            let item = MediaItem(
                hash: MediaHash(high: isWhole ? 1 : 0, low: UInt64(family)),
                tokenCount: isWhole ? 8 : 40,
                positionCount: 3,
                isWhole: isWhole
            )
            prompt.insert(.media(item), at: Int.random(in: 0..<prompt.count, using: &random))
        }
        if Bool.random(using: &random) { prompt.append(.token(TokenID.random(in: 500..<600, using: &random))) }
        var sampling = Sampling()
        sampling.seed = UInt32.random(in: 0..<4, using: &random)
        return .generation(
            Generation(prompt: prompt, sampling: sampling, maxTokens: Int.random(in: 1...30, using: &random))
        )
    }
}
