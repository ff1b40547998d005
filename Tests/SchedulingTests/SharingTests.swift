import Scheduling
import TestSupport
import Testing

@Suite("Shared prefixes")
struct SharingTests {
    private let prompt = Array(TokenID(1)...100)

    /// How many prompt tokens were put into steps.
    private func computed(_ record: PlanRecord) -> Int {
        record.plans.flatMap(\.slices).filter { $0.tokens.count > 1 || $0.position < 100 }.reduce(0) {
            $0 + $1.tokens.count
        }
    }

    @Test("several choices of one prompt compute it once")
    func choices() throws {
        var harness = SchedulerHarness()
        let generations = (0..<4).map { Generation.tokens(prompt, maxTokens: 5, seed: UInt32($0)) }
        let ids = try generations.map { try harness.admit(.generation($0)) }
        harness.runToEnd()
        #expect(computed(harness.record) == 100 + 3)
        for (id, generation) in zip(ids, generations) {
            #expect(harness.answers[id, default: []] == CheckingBackend.expectedAnswer(to: generation, limits: .small))
        }
        #expect(ids.compactMap { harness.usage($0)?.cached }.sorted() == [0, 99, 99, 99])
    }

    @Test("the next turn of a chat goes on where the last one ended")
    func nextTurn() throws {
        var harness = SchedulerHarness()
        let first = try harness.admit(.generation(.endless(prompt, maxTokens: 10)))
        harness.runToEnd()
        let next = prompt + (harness.answers[first] ?? []) + [7, 8, 9]
        let generation = Generation.endless(next, maxTokens: 4)
        let second = try harness.admit(.generation(generation))
        harness.runToEnd()
        #expect(harness.usage(second)?.cached == 109)  // the last token of an answer is never computed
        #expect(harness.answers[second] == CheckingBackend.expectedAnswer(to: generation, limits: .small))
    }

    @Test("nothing is shared between owners")
    func owners() throws {
        var harness = SchedulerHarness()
        let ids = try (0..<3).map { try harness.admit(prompt, maxTokens: 2, owner: Owner(rawValue: $0)) }
        harness.runToEnd()
        #expect(ids.compactMap { harness.usage($0)?.cached } == [0, 0, 0])
    }

    @Test("memory that can't be cut is used again only where a prompt goes on from all of it")
    func uncuttable() throws {
        var limits = BackendLimits.small
        limits.cutsSequences = false
        var harness = SchedulerHarness(limits)
        let first = try harness.admit(.generation(.endless(prompt, maxTokens: 4)))
        harness.runToEnd()
        let other = try harness.admit(.generation(.endless(Array(prompt.prefix(60)) + [3], maxTokens: 2)))
        let next = try harness.admit(
            .generation(.endless(prompt + (harness.answers[first] ?? []) + [5], maxTokens: 2))
        )
        harness.runToEnd()
        #expect(harness.usage(other)?.cached == 0)
        #expect(harness.usage(next)?.cached == 103)
    }

    @Test("of a sliding window, a saved state is gone on from at its end alone")
    func uncuttableStates() throws {
        var limits = BackendLimits.small
        limits.maxSequences = 1
        limits.cutsStates = false
        var policy = SchedulingPolicy()
        policy.stateBytes = 1 << 20
        var harness = SchedulerHarness(limits, policy: policy)
        let first = try harness.admit(.generation(.endless(prompt, maxTokens: 4)))
        harness.runToEnd()
        let other = (0..<100).map { TokenID($0 + 700) }
        _ = try harness.admit(.generation(.endless(other, maxTokens: 2)))
        harness.runToEnd()
        // The first conversation is saved now. Its next turn goes on from it, what parts from it before its end does not.
        let next = prompt + (harness.answers[first] ?? []) + [5]
        let turn = try harness.admit(.generation(.endless(next, maxTokens: 2)))
        harness.runToEnd()
        let parting = try harness.admit(.generation(.endless(Array(prompt.prefix(90)) + [3], maxTokens: 2)))
        harness.runToEnd()
        #expect(harness.usage(turn)?.cached == 103)
        #expect(harness.usage(parting)?.cached == 0)
    }

    @Test("a short common beginning does not cost another request its cached conversation")
    func keepsLongConversations() throws {
        var harness = SchedulerHarness()
        _ = try harness.admit(.generation(.endless(prompt, maxTokens: 2)))
        harness.runToEnd()
        _ = try harness.admit(.generation(.endless(Array(prompt.prefix(40)) + [999], maxTokens: 2)))
        harness.runToEnd()
        let again = try harness.admit(.generation(.endless(prompt + [4], maxTokens: 2)))
        harness.runToEnd()
        #expect(harness.usage(again)?.cached == 100)
    }
}
