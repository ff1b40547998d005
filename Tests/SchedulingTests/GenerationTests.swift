import Scheduling
import TestSupport
import Testing

@Suite("Generations")
struct GenerationTests {
    @Test("one request gives the answer that its prompt determines, and ends once")
    func one() throws {
        var harness = SchedulerHarness()
        let generation = Generation.tokens([1, 2, 3])
        let id = try harness.admit(.generation(generation))
        harness.runToEnd()
        let expected = CheckingBackend.expectedAnswer(to: generation, limits: .small)
        #expect(harness.answers[id, default: []] == expected)
        #expect(harness.closings[id]?.count == 1)
        #expect(harness.scheduler.hasRequests == false)
    }

    @Test("the token limit ends an answer with `length` and exact usage", arguments: [1, 2, 17])
    func length(limit: Int) throws {
        var harness = SchedulerHarness()
        let id = try harness.admit(.generation(.endless([5, 6], maxTokens: limit)))
        harness.runToEnd()
        guard case .finished(.length, let usage) = harness.closings[id]?.first else {
            Issue.record("not ended by length")
            return
        }
        #expect(usage == TokenUsage(prompt: 2, cached: 0, generated: limit))
        #expect(harness.answers[id]?.count == limit)
    }

    @Test("without a token limit the rest of the context is the limit")
    func contextIsTheLimit() throws {
        var harness = SchedulerHarness()
        let id = try harness.admit(.generation(.endless(Array(1...200))))
        harness.runToEnd()
        #expect(harness.usage(id)?.generated == 56)
    }

    @Test("a prompt that fills the context is refused with both numbers")
    func tooLong() throws {
        var harness = SchedulerHarness()
        #expect(throws: SchedulingError.self) { try harness.admit(Array(repeating: 1, count: 256)) }
        do {
            _ = try harness.admit(Array(repeating: 1, count: 300))
        } catch let error as SchedulingError {
            #expect(error.code == .promptTooLong(limit: 256, tokens: 300))
        }
        _ = try harness.admit(Array(repeating: 1, count: 255), maxTokens: 50)
        harness.runToEnd()
    }

    @Test("an empty prompt is refused")
    func empty() {
        var harness = SchedulerHarness()
        #expect(throws: SchedulingError.self) { try harness.admit([]) }
    }

    @Test("answers do not depend on who else is there")
    func batched() throws {
        var harness = SchedulerHarness()
        let generations = (0..<12).map { Generation.tokens(Array(1...TokenID(3 + $0 * 13)), seed: UInt32($0)) }
        let ids = try generations.map { try harness.admit(.generation($0)) }
        harness.runToEnd()
        for (id, generation) in zip(ids, generations) {
            #expect(harness.answers[id, default: []] == CheckingBackend.expectedAnswer(to: generation, limits: .small))
        }
    }

    @Test("prompts that arrive together all give their first token before the first answer ends")
    func firstTokens() throws {
        var harness = SchedulerHarness(BackendLimits(maxSequences: 8, contextLength: 256, maxStepTokens: 64))
        let ids = try (0..<8).map { try harness.admit(.generation(.endless([TokenID($0), 7, 8, 9], maxTokens: 20))) }
        while harness.closings.isEmpty { harness.step() }
        #expect(ids.allSatisfy { harness.answers[$0]?.isEmpty == false })
    }

    @Test("a paused request keeps its sequence and goes on where it was")
    func pause() throws {
        var harness = SchedulerHarness()
        let generation = Generation.endless([1, 2, 3], maxTokens: 10)
        let id = try harness.admit(.generation(generation))
        harness.step()
        harness.scheduler.pause(id)
        #expect(harness.step() == nil)
        #expect(harness.scheduler.hasRequests)
        harness.scheduler.resume(id)
        harness.runToEnd()
        #expect(harness.answers[id] == CheckingBackend.expectedAnswer(to: generation, limits: .small))
    }

    @Test("a request whose reader does not keep up gives its sequence to one that waits, and goes on where it was")
    func pausedGivesWay() throws {
        var harness = SchedulerHarness(BackendLimits(maxSequences: 1, contextLength: 256, maxStepTokens: 64))
        let generation = Generation.endless(Array(1...50), maxTokens: 10)
        let id = try harness.admit(.generation(generation))
        for _ in 0..<3 { harness.step() }
        harness.scheduler.pause(id)
        let other = try harness.admit(.generation(.endless([7], maxTokens: 5)))
        harness.runToEnd()
        #expect(harness.closings[other] != nil && harness.closings[id] == nil)
        harness.scheduler.resume(id)
        harness.runToEnd()
        #expect(harness.answers[id] == CheckingBackend.expectedAnswer(to: generation, limits: .small))
        #expect(harness.record.plans.flatMap(\.slices).filter { $0.position == 0 && $0.request == id }.count == 1)
    }

    @Test("the queue is bounded, and a group is admitted whole or not at all")
    func queue() throws {
        var policy = SchedulingPolicy()
        policy.maxWaiting = 3
        var scheduler = Scheduler(limits: .small, policy: policy)
        let requests = (1...8).map {
            Request(id: RequestID(rawValue: $0), work: .generation(.tokens([TokenID($0)])))
        }
        // Four sequences are free, three may wait: eight never fit.
        do {
            try scheduler.admit(requests)
            Issue.record("admitted")
        } catch {
            #expect(error.code == .tooMany(limit: 7))
        }
        #expect(!scheduler.hasRequests)
        try scheduler.admit(Array(requests.prefix(7)))
        do {
            try scheduler.admit([requests[7]])
            Issue.record("admitted")
        } catch {
            #expect(error.code == .queueFull(retryAfterSeconds: 1))
        }
        _ = scheduler.plan()
        #expect(throws: SchedulingError.self) { try scheduler.admit([requests[7]]) }
        scheduler.cancel(requests[6].id)
        try scheduler.admit([requests[7]])
        #expect(scheduler.violations == [])
    }

    @Test("a short prompt does not wait for a long one that came before it, and the long one goes on")
    func shortBesideLong() throws {
        var harness = SchedulerHarness(BackendLimits(maxSequences: 2, contextLength: 4096, maxStepTokens: 64))
        let long = try harness.admit(.generation(.endless(Array(1...2000), maxTokens: 1)))
        harness.step()
        let short = try harness.admit(.generation(.endless([5000, 5001, 5002], maxTokens: 1)))
        let plan = harness.step()
        #expect(harness.closings[short] != nil)
        #expect(plan?.slices.first { $0.request == long }?.tokens.count ?? 0 >= 32)
        harness.runToEnd()
        #expect(harness.closings[long] != nil)
    }

    @Test("one owner's many requests do not starve another owner's one")
    func owners() throws {
        var harness = SchedulerHarness(BackendLimits(maxSequences: 2, contextLength: 256, maxStepTokens: 64))
        for number in 0..<20 {
            _ = try harness.admit([TokenID(number), 7], maxTokens: 5, owner: Owner(rawValue: 0))
        }
        harness.step()
        let other = try harness.admit(.generation(.endless([500], maxTokens: 5)), owner: Owner(rawValue: 1))
        while harness.closings[other] == nil { harness.step() }
        // It got the first sequence that came free.
        #expect(harness.closings.count <= 4)
        harness.runToEnd()
        #expect(harness.closings.count == 21)
    }
}
