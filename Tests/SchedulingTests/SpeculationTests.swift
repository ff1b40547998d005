import TestSupport
import Testing

@testable import Scheduling

@Suite("Guessing ahead")
struct SpeculationTests {
    private func repeating(_ period: TokenID, count: Int) -> [PromptItem] {
        (0..<count).map { .token(TokenID($0) % period) }
    }

    @Test("what followed the last three tokens before is guessed, as far as it pays")
    func guesses() {
        var speculation = Speculation(repeating(5, count: 17), maxDrafts: 8)
        #expect(speculation.guesses(atMost: 8, streams: 1, step: 1, draft: 0.01) == [2, 3, 4, 0, 1])
        #expect(speculation.guesses(atMost: 2, streams: 1, step: 1, draft: 0.01) == [2, 3])
        #expect(speculation.guesses(atMost: 0, streams: 1, step: 1, draft: 0.01) == [])
        var fresh = Speculation((0..<20).map { .token($0) }, maxDrafts: 8)
        #expect(fresh.guesses(atMost: 8, streams: 1, step: 1, draft: 0.01) == [])
    }

    @Test("dear guesses are few, and wrong ones end; now and then one is made all the same")
    func gain() {
        var speculation = Speculation(repeating(5, count: 17), maxDrafts: 8)
        #expect(speculation.guesses(atMost: 8, streams: 1, step: 1, draft: 0.5).count < 5)
        for _ in 0..<20 { speculation.note(drafted: 5, accepted: 0) }
        #expect(speculation.acceptance < 0.05)
        var made = 0
        for _ in 0..<200 where !speculation.guesses(atMost: 8, streams: 1, step: 1, draft: 0.3).isEmpty { made += 1 }
        #expect(made > 0 && made < 20)
        for _ in 0..<20 { speculation.note(drafted: 5, accepted: 5) }
        #expect(speculation.guesses(atMost: 8, streams: 1, step: 1, draft: 0.3).count == 5)
    }

    @Test("a media item is part of no guess")
    func media() {
        let image = PromptItem.media(MediaItem(hash: MediaHash(low: 1), tokenCount: 4, positionCount: 4))
        let items: [PromptItem] = [.token(1), .token(2), .token(3), image, .token(1), .token(2), .token(3)]
        var speculation = Speculation(items, maxDrafts: 8)
        #expect(speculation.guesses(atMost: 8, streams: 1, step: 1, draft: 0.01) == [])
    }

    @Test(
        "guesses that cost the other streams more than they bring are made once for each number of streams",
        arguments: [(streams: 1, cost: 0.05, pays: true), (4, 0.05, false), (4, 0.001, true)]
    )
    func heldBack(streams: Int, besideOthers: Double, pays: Bool) throws {
        var policy = SchedulingPolicy()
        policy.maxDrafts = 6
        policy.maxGap = .seconds(10)
        var cost = StepCost()
        cost.draft = 0
        cost.draftsBesideOthers = besideOthers
        var costs = cost.learned
        costs.note(StepLoad(decoding: 1, drafts: 4), seconds: cost.step + cost.decode)
        var harness = SchedulerHarness(policy: policy, costs: costs)
        harness.cost = cost
        for stream in 0..<streams {
            var sampling = Sampling()
            sampling.ignoresEnd = true
            // One of them repeats itself, so that there is something to guess.
            if stream == 0 { sampling.logitBias = [.init(token: 7, bias: 100)] }
            let prompt = (0..<60).map { PromptItem.token(TokenID(100 * stream + $0)) }
            _ = try harness.admit(.generation(Generation(prompt: prompt, sampling: sampling, maxTokens: 150)))
        }
        var guessing = 0
        for _ in 0..<60 {
            guard let plan = harness.step() else { break }
            guessing += plan.slices.contains { $0.drafts > 0 } ? 1 : 0
        }
        #expect(pays ? guessing > 10 : (1...streams).contains(guessing), "\(guessing) of the steps")
    }

    /// The fake backend's answers are as good as random: what matters is that wrong guesses leave no trace.
    @Test("answers are the same with and without guesses, to the token", arguments: 0..<40)
    func unchanged(seed: UInt32) throws {
        var policy = SchedulingPolicy()
        policy.maxDrafts = 6
        policy.maxGap = .seconds(10)
        var cost = StepCost()
        cost.draft = 0
        var harness = SchedulerHarness(policy: policy, costs: cost.learned)
        harness.cost = cost
        // A prompt in which most runs of three occur.
        let prompt = (0..<120).map { TokenID(($0 * 7) % 11) }
        var generation = Generation.tokens(prompt, maxTokens: 60, seed: seed)
        var sampling = generation.sampling
        sampling.ignoresEnd = true
        generation = Generation(prompt: generation.prompt, sampling: sampling, maxTokens: 60)
        let id = try harness.admit(.generation(generation))
        harness.runToEnd()
        #expect(harness.answers[id] == CheckingBackend.expectedAnswer(to: generation, limits: .small))
    }
}
