import Scheduling
import TestSupport
import Testing

@Suite("Faults and cancellation")
struct FaultTests {
    @Test("a cancelled request is in no later plan, in every phase")
    func cancel() throws {
        for steps in 0..<8 {
            var harness = SchedulerHarness()
            let id = try harness.admit(.generation(.endless(Array(1...200), maxTokens: 50)))
            let other = try harness.admit(.generation(.endless([9], maxTokens: 20)))
            for _ in 0..<steps { harness.step() }
            harness.scheduler.cancel(id)
            let before = harness.record.plans.count
            harness.runToEnd()
            let later = harness.record.plans[before...]
            #expect(!later.contains { $0.slices.contains { $0.request == id } })
            #expect(harness.closings[id] == nil)
            #expect(harness.closings[other]?.count == 1)
        }
    }

    @Test("a request cancelled between a plan and its commit gets no event, and its memory is still known")
    func cancelDuringStep() throws {
        var harness = SchedulerHarness()
        let id = try harness.admit(.generation(.endless(Array(1...40), maxTokens: 5)))
        let made = harness.scheduler.plan()
        let plan = try #require(made)
        let outcome = harness.backend.run(plan)
        harness.scheduler.cancel(id)
        harness.commit(plan, outcome)
        #expect(harness.closings[id] == nil)
        let again = try harness.admit(.generation(.endless(Array(1...40), maxTokens: 5)))
        harness.runToEnd()
        #expect(harness.usage(again)?.cached == 39)
    }

    @Test("a failed step ends the requests in it and nobody else; their sequences are cleared before use")
    func failure() throws {
        var harness = SchedulerHarness(BackendLimits(maxSequences: 2, contextLength: 256, maxStepTokens: 64))
        let first = try harness.admit(.generation(.endless([1, 2], maxTokens: 20)))
        let second = try harness.admit(.generation(.endless([3, 4], maxTokens: 20)))
        let generation = Generation.endless([1, 2], maxTokens: 5)
        let third = try harness.admit(.generation(generation))
        harness.record.setOutcome(.failed("no such luck"), ofStep: 2)
        harness.runToEnd()
        for id in [first, second] {
            guard case .failed(let error) = harness.closings[id]?.first else {
                Issue.record("\(id) did not fail")
                continue
            }
            #expect(error.code == .backendFailed)
        }
        #expect(harness.answers[third] == CheckingBackend.expectedAnswer(to: generation, limits: .small))
        #expect(harness.usage(third)?.cached == 0)
    }

    @Test("a sequence that gets no token fails alone, and its memory is cleared before use")
    func noToken() throws {
        var harness = SchedulerHarness(BackendLimits(maxSequences: 2, contextLength: 256, maxStepTokens: 64))
        let failing = try harness.admit(.generation(.endless([1, 2], maxTokens: 20)))
        let generation = Generation.endless([3, 4], maxTokens: 20)
        let other = try harness.admit(.generation(generation))
        harness.step()
        let made = harness.scheduler.plan()
        let plan = try #require(made)
        guard case .sampled(var samples, _) = harness.backend.run(plan) else {
            Issue.record("the step did not sample")
            return
        }
        let place = try #require(plan.slices.firstIndex { $0.request == failing })
        samples[place] = []
        harness.commit(plan, .sampled(samples))
        guard case .failed(let error) = harness.closings[failing]?.first else {
            Issue.record("the request did not fail")
            return
        }
        #expect(error.code == .backendFailed)
        let again = try harness.admit(.generation(.endless([1, 2], maxTokens: 5)))
        harness.runToEnd()
        #expect(harness.usage(again)?.cached == 0)
        #expect(harness.answers[other] == CheckingBackend.expectedAnswer(to: generation, limits: .small))
    }

    @Test("without room in the cache, idle sequences are emptied first and the step is tried again")
    func noRoom() throws {
        var harness = SchedulerHarness()
        _ = try harness.admit([1, 2, 3], maxTokens: 3)
        harness.runToEnd()
        let steps = harness.record.plans.count
        harness.record.setOutcome(.noRoom, ofStep: steps)
        let generation = Generation.tokens([7, 8, 9], maxTokens: 3)
        let id = try harness.admit(.generation(generation))
        harness.runToEnd()
        #expect(harness.answers[id, default: []] == CheckingBackend.expectedAnswer(to: generation, limits: .small))
    }

    @Test("without room and nothing to empty, the newest request is set back, and goes on later where it was")
    func setBack() throws {
        var limits = BackendLimits.small
        limits.cacheTokens = 256
        var harness = SchedulerHarness(limits)
        let old = Generation.endless(Array(1...100), maxTokens: 100)
        let oldID = try harness.admit(.generation(old))
        harness.step()
        let new = Generation.endless(Array(301...400), maxTokens: 100)
        let newID = try harness.admit(.generation(new))
        while harness.scheduler.counts.running < 2 { harness.step() }
        while harness.scheduler.counts.running == 2 { harness.step() }
        let had = try #require(harness.answers[newID]?.count)
        while harness.closings[oldID] == nil {
            #expect(harness.answers[newID]?.count == had)
            harness.step()
        }
        harness.runToEnd()
        #expect(harness.answers[oldID] == CheckingBackend.expectedAnswer(to: old, limits: limits))
        #expect(harness.answers[newID] == CheckingBackend.expectedAnswer(to: new, limits: limits))
        // Its state was kept: no prompt was computed twice.
        #expect(harness.record.plans.flatMap(\.slices).filter { $0.request == newID && $0.position == 0 }.count == 1)
        #expect(harness.scheduler.savedStates == 0)
    }

    @Test("a prompt that alone finds no room fails, and nobody else")
    func outOfCache() throws {
        var harness = SchedulerHarness()
        let id = try harness.admit(.generation(.endless([3, 4], maxTokens: 6)))
        harness.record.setOutcome(.noRoom, ofStep: 0)
        harness.runToEnd()
        guard case .failed(let error) = harness.closings[id]?.first else {
            Issue.record("it did not fail")
            return
        }
        #expect(error.code == .outOfCache)
    }
}
