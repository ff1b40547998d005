import TestSupport
import Testing

@testable import Scheduling

@Suite("Guesses of a draft model")
struct ModelDraftTests {
    private static let limits: BackendLimits = {
        var limits = BackendLimits(maxSequences: 4, contextLength: 1024, maxStepTokens: 128)
        limits.draftContextLength = 1024
        return limits
    }()

    /// No three tokens of it come twice: nothing is looked up.
    private static func prompt(_ count: Int, from first: TokenID = 0) -> [TokenID] {
        (0..<TokenID(count)).map { ($0 + first) % 1000 }
    }

    private func harness(
        _ skill: DraftSkill,
        cost: StepCost = StepCost(),
        gap: Duration = .milliseconds(100),
        limits: BackendLimits = limits
    ) -> SchedulerHarness {
        var policy = SchedulingPolicy()
        policy.maxDrafts = 6
        policy.maxGap = gap
        var harness = SchedulerHarness(
            limits,
            policy: policy,
            costs: Self.learned(cost),
            draftCosts: cost.learnedOfDrafts,
            draftSkill: skill
        )
        harness.cost = cost
        return harness
    }

    private static func learned(_ cost: StepCost) -> StepCosts {
        var costs = cost.learned
        costs.note(StepLoad(decoding: 1, drafts: 1), seconds: cost.step + cost.decode + cost.draft)
        return costs
    }

    /// The seconds in which requests were answered one after the other.
    private func seconds(_ harness: inout SchedulerHarness, requests: Int) throws -> Double {
        for number in 0..<requests {
            let prompt = Self.prompt(10, from: TokenID(number) * 20)
            _ = try harness.admit(.generation(.endless(prompt, maxTokens: 100)))
            harness.runToEnd()
        }
        return harness.elapsed
    }

    private static let withoutDraftModel = BackendLimits(maxSequences: 4, contextLength: 1024, maxStepTokens: 128)

    private func draftSteps(_ harness: SchedulerHarness) -> [[DraftSlice]] {
        harness.record.plans.map(\.drafts).filter { !$0.isEmpty }
    }

    @Test("answers are the same whatever is guessed, alone and beside others", arguments: DraftSkill.allCases)
    func unchanged(skill: DraftSkill) throws {
        var harness = harness(skill)
        var expected: [RequestID: [TokenID]] = [:]
        for number: TokenID in 0..<6 {
            let generation = Generation.endless(Self.prompt(40, from: number * 50), maxTokens: 60)
            let id = try harness.admit(.generation(generation))
            expected[id] = CheckingBackend.expectedAnswer(to: generation, limits: Self.limits)
        }
        harness.runToEnd()
        #expect(harness.answers == expected)
        #expect(!draftSteps(harness).isEmpty)
    }

    @Test("right guesses save steps, and all of them count as accepted")
    func right() throws {
        var harness = harness(.right)
        let id = try harness.admit(.generation(.endless(Self.prompt(40), maxTokens: 100)))
        harness.runToEnd()
        let tokenSteps = harness.record.plans.count { !$0.slices.isEmpty }
        #expect(tokenSteps < 40)
        let usage = try #require(harness.usage(id))
        #expect(usage.generated == 100)
        #expect(usage.drafted == usage.accepted)
        #expect(usage.accepted > 60)
        #expect(harness.scheduler.draftCounts.accepted[.model] == UInt64(usage.accepted))
        #expect(harness.scheduler.draftCounts.drafted[.lookup, default: 0] == 0)
        // Each depth is one pass for all streams: with the tokens of the last step, nothing is read twice.
        #expect(draftSteps(harness).dropFirst().allSatisfy { $0[0].tokens.count <= 2 })
    }

    @Test("streams that decode together share the passes")
    func together() throws {
        var harness = harness(.right)
        for number: TokenID in 0..<4 {
            _ = try harness.admit(.generation(.endless(Self.prompt(20, from: number * 100), maxTokens: 80)))
        }
        harness.runToEnd()
        #expect(draftSteps(harness).contains { $0.count == 4 && $0.allSatisfy { $0.guesses > 0 } })
    }

    @Test("wrong guesses end, and are tried again rarely")
    func wrong() throws {
        var harness = harness(.wrong)
        var plain = self.harness(.wrong, limits: Self.withoutDraftModel)
        let (time, without) = (try seconds(&harness, requests: 20), try seconds(&plain, requests: 20))
        #expect(time < 1.03 * without)
        let guessed = draftSteps(harness).filter { $0.contains { $0.guesses > 0 } }
        #expect(guessed.count > 10, "never tried again")
    }

    @Test("what costs more than it brings is not done, however right it is, save in a fiftieth of the time")
    func dear() throws {
        var cost = StepCost()
        (cost.draftPass, cost.draftRead) = (0.007, 0.003)
        var harness = harness(.right, cost: cost)
        var plain = self.harness(.right, cost: cost, limits: Self.withoutDraftModel)
        let (time, without) = (try seconds(&harness, requests: 20), try seconds(&plain, requests: 20))
        #expect(time < 1.02 * without)
        #expect(!draftSteps(harness).isEmpty, "never tried")
    }

    @Test("a wrong estimate of what the draft model costs does not last")
    func costsChange() throws {
        var policy = SchedulingPolicy()
        policy.maxDrafts = 6
        let cost = StepCost()
        var dear = cost
        (dear.draftPass, dear.draftRead) = (0.015, 0.001)
        var harness = SchedulerHarness(
            Self.limits,
            policy: policy,
            costs: Self.learned(cost),
            draftCosts: dear.learnedOfDrafts,
            draftSkill: .right
        )
        for _ in 0..<60 {
            _ = try harness.admit(.generation(.endless(Self.prompt(4), maxTokens: 120)))
            harness.runToEnd()
        }
        let last = harness.record.plans.suffix(100)
        #expect(last.contains { !$0.drafts.isEmpty })
        #expect(last.count { !$0.slices.isEmpty } < 70)
    }

    @Test("a long prompt is read only for an answer that is long enough to be worth it")
    func worthReading() throws {
        var short = harness(.right)
        _ = try short.admit(.generation(.endless(Self.prompt(800), maxTokens: 8)))
        short.runToEnd()
        #expect(draftSteps(short).isEmpty)
        var long = harness(.right)
        _ = try long.admit(.generation(.endless(Self.prompt(100), maxTokens: 200)))
        long.runToEnd()
        #expect(!draftSteps(long).isEmpty)
    }

    @Test("a long prompt is read in chunks between the streams' steps, which keep to the gap")
    func chunks() throws {
        var cost = StepCost()
        cost.draftRead = 0.0002
        var harness = harness(.right, cost: cost, gap: .milliseconds(40))
        _ = try harness.admit(.generation(.endless(Self.prompt(400, from: 300), maxTokens: 500)))
        var last = 0.0
        var longest = 0.0
        while let plan = harness.step() {
            guard plan.slices.contains(where: { $0.samples }) else { continue }
            // From the second token on.
            if last > 0 { longest = max(longest, harness.elapsed - last) }
            last = harness.elapsed
        }
        let reading = draftSteps(harness).filter { $0[0].guesses == 0 }
        #expect(reading.count > 1)
        #expect(reading.reduce(0) { $0 + $1[0].tokens.count } >= 300)
        #expect(longest <= 0.04 + 1e-6)
    }

    @Test("what the draft model has read of one key's text is no other's")
    func owners() throws {
        var limits = Self.limits
        limits.maxSequences = 1
        var harness = harness(.right, limits: limits)
        for owner in [1, 1, 2] {
            _ = try harness.admit(
                .generation(.endless(Self.prompt(40), maxTokens: 100)),
                owner: Owner(rawValue: owner)
            )
        }
        harness.runToEnd()
        let steps = draftSteps(harness).map { $0[0] }
        let firsts = (1...3).compactMap { id in steps.first { $0.request == RequestID(rawValue: UInt64(id)) } }
        #expect(firsts.map(\.position) == [0, 40, 0])
    }

    @Test(
        "a draft step that fails hurts nobody, and is the last",
        arguments: [false, true],
        [1, 4]
    )
    func fails(isFull: Bool, streams: Int) throws {
        var harness = harness(.right)
        var expected: [RequestID: [TokenID]] = [:]
        for number in 0..<streams {
            let generation = Generation.endless(Self.prompt(30, from: TokenID(number) * 100), maxTokens: 60)
            let id = try harness.admit(.generation(generation))
            expected[id] = CheckingBackend.expectedAnswer(to: generation, limits: Self.limits)
        }
        while draftSteps(harness).count < 3, let plan = harness.scheduler.plan() {
            harness.commit(plan, harness.backend.run(plan))
        }
        var failed = 0
        while let plan = harness.scheduler.plan() {
            if plan.drafts.isEmpty {
                harness.commit(plan, harness.backend.run(plan))
            } else {
                failed += 1
                harness.commit(plan, isFull ? .noRoom : .failed("a fault"))
            }
        }
        #expect(failed == 1)
        #expect(!harness.scheduler.asksDraftModel)
        #expect(harness.answers == expected)
    }

    @Test("a draft step that is cut off is done anew; nobody's answer changes")
    func aborted() throws {
        var harness = harness(.right)
        let generation = Generation.endless(Self.prompt(30), maxTokens: 60)
        let id = try harness.admit(.generation(generation))
        var cut = 0
        while let plan = harness.scheduler.plan() {
            if plan.drafts.isEmpty || cut >= 3 {
                harness.commit(plan, harness.backend.run(plan))
            } else {
                cut += 1
                harness.record.setOutcome(.aborted, ofStep: harness.record.plans.count)
                harness.commit(plan, harness.backend.run(plan))
            }
        }
        #expect(cut == 3)
        #expect(harness.scheduler.asksDraftModel)
        #expect(harness.answers[id] == CheckingBackend.expectedAnswer(to: generation, limits: Self.limits))
        #expect(try #require(harness.usage(id)).accepted > 0)
    }

    @Test("no draft step for deterministic answers, for memory that can't be cut, and with no guesses allowed")
    func off() {
        var deterministic = SchedulingPolicy()
        deterministic.maxDrafts = 6
        deterministic.fixedChunk = 32
        var policy = SchedulingPolicy()
        policy.maxDrafts = 6
        var uncut = Self.limits
        uncut.cutsSequences = false
        #expect(Scheduler(limits: Self.limits, policy: policy).asksDraftModel)
        #expect(!Scheduler(limits: Self.limits, policy: deterministic).asksDraftModel)
        #expect(!Scheduler(limits: uncut, policy: policy).asksDraftModel)
        #expect(!Scheduler(limits: Self.limits, policy: SchedulingPolicy()).asksDraftModel)
    }

    @Test("a text with media is not drafted for: the draft model sees none")
    func media() throws {
        var limits = Self.limits
        limits.encodesMedia = true
        var harness = harness(.right, limits: limits)
        let image = PromptItem.media(MediaItem(hash: MediaHash(low: 1), tokenCount: 4, positionCount: 4))
        var sampling = Sampling()
        sampling.ignoresEnd = true
        let items = Self.prompt(20).map(PromptItem.token) + [image, .token(5)]
        _ = try harness.admit(.generation(Generation(prompt: items, sampling: sampling, maxTokens: 60)))
        harness.runToEnd()
        #expect(draftSteps(harness).isEmpty)
    }
}
