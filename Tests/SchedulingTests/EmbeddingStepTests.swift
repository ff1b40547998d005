import Scheduling
import TestSupport
import Testing

@Suite("Embedding steps")
struct EmbeddingStepTests {
    private let limits = BackendLimits(
        maxSequences: 8,
        contextLength: 64,
        maxStepTokens: 64,
        maxEmbeddingTokens: 64,
        generates: false,
        embeds: true
    )

    private func text(_ length: Int, _ token: TokenID = 3) -> [TokenID] { Array(repeating: token, count: length) }

    private func vectors(_ harness: SchedulerHarness, _ id: RequestID) -> [[Float]]? {
        guard case .embedding(let vectors, _)? = harness.closings[id]?.first else { return nil }
        return vectors
    }

    @Test("a request gets the vectors of all its texts, in their order, at once")
    func order() throws {
        var harness = SchedulerHarness(limits)
        let texts = [60, 3, 50, 2, 40, 7, 1, 9, 30].enumerated().map { text($1, TokenID($0)) }
        let id = try harness.admit(.embedding(texts))
        harness.runToEnd()
        #expect(vectors(harness, id) == texts.map { $0.map(Float.init) })
        #expect(harness.usage(id)?.prompt == 202)
    }

    @Test("a step is filled up to the policy's tokens, and a longer text is alone")
    func filling() throws {
        var policy = SchedulingPolicy()
        policy.embeddingTokens = 20
        var harness = SchedulerHarness(limits, policy: policy)
        _ = try harness.admit(.embedding([8, 8, 8, 30, 4].map { text($0) }))
        harness.runToEnd()
        #expect(harness.record.plans.map { $0.texts.map(\.tokens.count) } == [[8, 8, 4], [8], [30]])
    }

    @Test("where tokens are slow, fewer are in a step")
    func slow() throws {
        var costs = StepCosts()
        costs.note(embeddedTokens: 10, seconds: 1)
        var harness = SchedulerHarness(limits, costs: costs)
        _ = try harness.admit(.embedding([5, 5, 5, 5].map { text($0) }))
        #expect(harness.scheduler.plan()?.texts.count == 2)
    }

    @Test("a short request is in the next step, however many texts others have")
    func turns() throws {
        var harness = SchedulerHarness(limits)
        let long = try harness.admit(.embedding(Array(repeating: text(30), count: 100)))
        harness.step()
        let short = try harness.admit(.embedding([text(30)]))
        harness.step()
        #expect(harness.closings[short] != nil)
        #expect(harness.closings[long] == nil)
    }

    @Test("owners take turns, and batch work waits but for one step in four")
    func owners() throws {
        var harness = SchedulerHarness(limits)
        let one = Owner(rawValue: 1)
        let other = Owner(rawValue: 2)
        let many = try (0..<6).map { _ in
            try harness.admit(.embedding([text(40), text(40)]), owner: one)
        }
        let batch = try harness.admit(.embedding([text(40), text(40)]), owner: one, priority: .batch)
        let late = try harness.admit(.embedding([text(24)]), owner: other)
        let first = harness.step()
        #expect(Set(first?.texts.map(\.request) ?? []) == [many[0], late])
        for _ in 0..<3 { harness.step() }
        #expect(harness.record.plans[3].texts.first?.request == batch)
    }

    @Test("a request that leaves is in no later step, and its place is free")
    func cancelling() throws {
        var policy = SchedulingPolicy()
        policy.maxWaiting = 1
        var harness = SchedulerHarness(limits, policy: policy)
        let ids = try (0..<9).map { _ in try harness.admit(.embedding([text(60), text(60)])) }
        #expect(throws: SchedulingError.self) { try harness.admit(.embedding([text(1)])) }
        guard let plan = harness.scheduler.plan() else { return }
        harness.scheduler.cancel(ids[0])
        harness.commit(plan, harness.backend.run(plan))
        let next = try harness.admit(.embedding([text(1)]))
        harness.runToEnd()
        #expect(harness.closings[ids[0]] == nil)
        #expect(harness.closings[next] != nil)
        #expect(!harness.record.plans.dropFirst().contains { $0.texts.contains { $0.request == ids[0] } })
    }

    @Test("a vector without a number fails its own request alone")
    func notANumber() throws {
        var harness = SchedulerHarness(limits)
        let bad = try harness.admit(.embedding([text(5)]))
        let good = try harness.admit(.embedding([text(6)]))
        guard let plan = harness.scheduler.plan() else { return }
        harness.commit(plan, .embedded([[.nan, 1], [1, 2]]))
        guard case .failed? = harness.closings[bad]?.first else {
            Issue.record("it did not fail")
            return
        }
        #expect(vectors(harness, good) == [[1, 2]])
    }

    @Test("a step that fails ends all requests in it, and no others")
    func failing() throws {
        var harness = SchedulerHarness(limits)
        let hit = try harness.admit(.embedding([text(60), text(60)]))
        let spared = try harness.admit(.embedding([text(60)]))
        guard let plan = harness.scheduler.plan() else { return }
        harness.commit(plan, .failed("a fault"))
        harness.runToEnd()
        guard case .failed? = harness.closings[hit]?.first else {
            Issue.record("it did not fail")
            return
        }
        #expect(vectors(harness, spared)?.count == 1)
    }

    @Test("deterministic mode computes each text by itself")
    func deterministic() throws {
        var policy = SchedulingPolicy()
        policy.fixedChunk = SchedulingPolicy.deterministicChunk
        var harness = SchedulerHarness(limits, policy: policy)
        _ = try harness.admit(.embedding([text(5), text(5), text(5)]))
        #expect(harness.runToEnd() == 3)
    }

    @Test("what is refused: nothing, an empty text, one that is too long")
    func refused() {
        var harness = SchedulerHarness(limits)
        for texts in [[], [text(3), []], [text(3), text(65)]] {
            #expect(throws: SchedulingError.self) { try harness.admit(.embedding(texts)) }
        }
    }
}
