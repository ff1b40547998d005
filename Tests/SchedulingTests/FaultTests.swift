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
        guard case .sampled(var samples) = harness.backend.run(plan) else {
            Issue.record("the step did not sample")
            return
        }
        let place = try #require(plan.slices.firstIndex { $0.request == failing })
        samples[place] = nil
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

    @Test("without room and nothing to empty, the newest request ends and the oldest goes on")
    func outOfCache() throws {
        var harness = SchedulerHarness()
        let old = Generation.endless([1, 2], maxTokens: 6)
        let oldID = try harness.admit(.generation(old))
        harness.step()
        let newID = try harness.admit(.generation(.endless([3, 4], maxTokens: 6)))
        // Step 1 only decodes, since the cost of that is not known yet; in step 2 the two are together.
        harness.record.setOutcome(.noRoom, ofStep: 2)
        harness.runToEnd()
        guard case .failed(let error) = harness.closings[newID]?.first else {
            Issue.record("the newest did not fail")
            return
        }
        #expect(error.code == .outOfCache)
        #expect(harness.answers[oldID] == CheckingBackend.expectedAnswer(to: old, limits: .small))
    }
}
