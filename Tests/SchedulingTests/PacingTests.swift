import Scheduling
import TestSupport
import Testing

/// Long prompts beside running streams, by counting steps and adding up what they are taken to last.
@Suite("Prompts beside streams")
struct PacingTests {
    private static let limits = BackendLimits(maxSequences: 8, contextLength: 4096, maxStepTokens: 512)
    private let cost = StepCost()

    private func harness(gap: Duration = .milliseconds(100), knowing costs: StepCosts) -> SchedulerHarness {
        var policy = SchedulingPolicy()
        policy.maxGap = gap
        var harness = SchedulerHarness(Self.limits, policy: policy, costs: costs)
        harness.cost = cost
        return harness
    }

    /// Streams that no answer's end stops within a test.
    private func addStreams(_ count: Int, to harness: inout SchedulerHarness) throws -> [RequestID] {
        let ids = try (0..<count).map { try harness.admit(.generation(.endless([TokenID($0)]))) }
        for _ in 0..<4 { harness.step() }
        return ids
    }

    @Test("every step beside a stream holds to the gap, and every stream is in it", arguments: [1, 2, 4, 7])
    func gap(streams: Int) throws {
        var harness = harness(knowing: cost.learned)
        let ids = try addStreams(streams, to: &harness)
        let long = try harness.admit(.generation(.endless(Array(1...1200), maxTokens: 1)))
        var chunks: [Int] = []
        while harness.closings[long] == nil {
            guard let plan = harness.step() else { break }
            #expect(Set(ids).isSubset(of: plan.slices.map(\.request)))
            #expect(cost.seconds(plan) <= 0.1)
            chunks.append(plan.slices.first { $0.request == long }?.tokens.count ?? 0)
        }
        // As large as the gap allows, not smaller.
        #expect(chunks.max() ?? 0 >= Int((0.1 - cost.step - Double(streams) * cost.decode) / cost.promptToken) - 1)
    }

    @Test("a gap that the model can't hold yields to the smallest chunk")
    func slowModel() throws {
        var harness = harness(gap: .milliseconds(1), knowing: cost.learned)
        _ = try addStreams(1, to: &harness)
        let long = try harness.admit(.generation(.endless(Array(1...100), maxTokens: 1)))
        var largest = 0
        while harness.closings[long] == nil {
            guard let plan = harness.step() else { break }
            largest = max(largest, plan.slices.first { $0.request == long }?.tokens.count ?? 0)
        }
        #expect(largest == SchedulingPolicy().smallestChunk)
    }

    @Test(
        "streams keep a quarter of their rate however long prompts keep coming, and prompts get all the rest",
        arguments: [1, 4]
    )
    func shares(streams: Int) throws {
        var harness = harness(knowing: cost.learned)
        let ids = try addStreams(streams, to: &harness)
        let start = harness.elapsed
        let had = harness.answers[ids[0]]?.count ?? 0
        var prompt: RequestID?
        for round in 0..<400 {
            if prompt.map({ harness.closings[$0] != nil }) ?? true {
                prompt = try harness.admit(
                    .generation(.endless((0..<1000).map { TokenID(round * 2000 + $0) }, maxTokens: 1))
                )
            }
            harness.step()
        }
        let time = harness.elapsed - start
        let tokens = Double((harness.answers[ids[0]]?.count ?? 0) - had)
        let alone = cost.step + Double(streams) * cost.decode
        #expect(tokens * alone >= 0.24 * time)
        #expect(tokens * alone <= 0.26 * time)
    }

    @Test("with nothing known, the first chunk is small, and what it took sizes the next ones")
    func learning() throws {
        var harness = harness(knowing: StepCosts())
        let stream = try harness.admit(.generation(.endless([1])))
        harness.step()
        let long = try harness.admit(.generation(.endless(Array(1...1200), maxTokens: 1)))
        var chunks: [Int] = []
        while harness.closings[long] == nil {
            guard let plan = harness.step() else { break }
            #expect(plan.slices.contains { $0.request == stream })
            if let chunk = plan.slices.first(where: { $0.request == long }) { chunks.append(chunk.tokens.count) }
        }
        #expect(chunks.first == SchedulingPolicy().firstChunk)
        #expect(chunks.dropFirst().first ?? 0 > SchedulingPolicy().firstChunk)
    }

    @Test("with nobody decoding, chunks are as large as a second allows, and at most 512")
    func alone() throws {
        var harness = harness(knowing: cost.learned)
        harness.cost.promptToken = 0.004
        _ = try harness.admit(.generation(.endless(Array(1...1200), maxTokens: 1)))
        harness.runToEnd()
        let slow = harness.record.plans
        #expect(slow.allSatisfy { harness.cost.seconds($0) <= 1 })
        // The first tells what they cost.
        #expect(slow.count == 6)
        harness.cost.promptToken = 0.0001
        for prompt in 2...4 {
            _ = try harness.admit(.generation(.endless((0..<2000).map { TokenID(prompt * 10_000 + $0) }, maxTokens: 1)))
            harness.runToEnd()
        }
        #expect(harness.record.plans.map { $0.slices[0].tokens.count }.max() == 512)
    }

    @Test("while other engines have something to do, steps in which nobody decodes hold to half of the gap")
    func company() throws {
        var harness = harness(knowing: cost.learned)
        harness.sharesCores = true
        _ = try harness.admit(.generation(.endless(Array(1...2000), maxTokens: 1)))
        harness.runToEnd()
        let beside = harness.record.plans
        // The first tells what prompt tokens cost.
        #expect(harness.cost.seconds(beside[0]) <= 0.1)
        #expect(beside.dropFirst().allSatisfy { harness.cost.seconds($0) <= 0.05 })
        #expect(beside.count > 2)
        harness.sharesCores = false
        _ = try harness.admit(.generation(.endless(Array(3001...5000), maxTokens: 1)))
        harness.runToEnd()
        let alone = harness.record.plans.dropFirst(beside.count)
        #expect(alone.contains { harness.cost.seconds($0) > 0.1 })
        #expect(alone.count < beside.count)
    }

    @Test("costs are learned from what steps took, and lie between what was seen")
    func costs() throws {
        var costs = StepCosts()
        #expect(costs.decode(1) == nil)
        #expect(costs.promptToken == nil)
        costs.note(StepLoad(decoding: 2), seconds: 0.02)
        costs.note(StepLoad(decoding: 6), seconds: 0.04)
        #expect(costs.decode(2) == 0.02)
        #expect(costs.decode(4) == 0.03)
        #expect(costs.decode(12) == 0.08)
        #expect(costs.decode(1) == 0.02)
        costs.note(StepLoad(decoding: 2, promptTokens: 10), seconds: 0.03)
        #expect(abs((costs.promptToken ?? 0) - 0.001) < 1e-9)
        costs.note(StepLoad(decoding: 2, promptTokens: 10), seconds: 0.01)
        #expect(abs((costs.promptToken ?? 0) - 0.001) < 1e-9)
    }
}
