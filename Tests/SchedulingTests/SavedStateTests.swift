import Scheduling
import TestSupport
import Testing

@Suite("Saved states")
struct SavedStateTests {
    private static let limits = BackendLimits(
        maxSequences: 1,
        contextLength: 512,
        maxStepTokens: 64,
        stateBytesPerToken: 10
    )

    private func harness(stateBytes: Int) -> SchedulerHarness {
        var policy = SchedulingPolicy()
        policy.stateBytes = stateBytes
        return SchedulerHarness(Self.limits, policy: policy)
    }

    private func prompt(_ number: Int) -> [TokenID] { (0..<100).map { TokenID(number * 1000 + $0) } }

    private func cached(_ number: Int, _ harness: inout SchedulerHarness) throws -> Int? {
        let id = try harness.admit(.generation(.endless(prompt(number), maxTokens: 2)))
        harness.runToEnd()
        return harness.usage(id)?.cached
    }

    @Test("what a sequence held is found again after others have used it")
    func found() throws {
        var harness = harness(stateBytes: 10_000)
        for number in 0..<3 { #expect(try cached(number, &harness) == 0) }
        for number in 0..<3 { #expect(try cached(number, &harness) == 99) }
    }

    @Test("the least recently used goes first, and no more is kept than may be")
    func evicted() throws {
        // Room for two of about 101 tokens each.
        var harness = harness(stateBytes: 2100)
        for number in 0..<4 { _ = try cached(number, &harness) }
        #expect(harness.scheduler.savedStates == 2)
        #expect(try cached(0, &harness) == 0)
        #expect(try cached(3, &harness) == 99)
    }

    @Test("without memory for it nothing is kept")
    func none() throws {
        var harness = harness(stateBytes: 0)
        for number in [0, 1, 0] { #expect(try cached(number, &harness) == 0) }
        #expect(harness.scheduler.savedStates == 0)
    }

    @Test("memory that can't be cut is saved where prompts part, and a third goes on from there")
    func checkpoints() throws {
        var limits = Self.limits
        limits.cutsSequences = false
        var policy = SchedulingPolicy()
        policy.stateBytes = 100_000
        var harness = SchedulerHarness(limits, policy: policy)
        let shared = prompt(0)
        func cached(_ end: [TokenID]) throws -> Int? {
            let id = try harness.admit(.generation(.endless(shared + end, maxTokens: 2)))
            harness.runToEnd()
            return harness.usage(id)?.cached
        }
        #expect(try cached([1, 2, 3, 4, 5, 6]) == 0)
        // The same again: up to the last item.
        #expect(try cached([1, 2, 3, 4, 5, 6]) == 105)
        // Another end: now it is known where they part, and the next one finds it.
        #expect(try cached([7, 8, 9, 10, 11, 12]) == 0)
        #expect(try cached([13, 14, 15, 16, 17, 18]) == 100)
    }
}
