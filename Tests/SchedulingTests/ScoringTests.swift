import RuntimeSupport
import Scheduling
import TestSupport
import Testing

@Suite("Scoring prompts")
struct ScoringTests {
    private static let prompt = (0..<150).map { TokenID($0 * 7 % 400) }

    private static func scored(_ prompt: [TokenID], start: Int = 1, maxTokens: Int? = 3) -> Work {
        .generation(
            Generation(
                prompt: prompt.map(PromptItem.token),
                maxTokens: maxTokens,
                scoring: PromptScoring(start: start, top: 2)
            )
        )
    }

    private static func expected(_ prompt: [TokenID], start: Int = 1) -> [ScoredToken] {
        (start..<prompt.count).map { place in
            let before = prompt[..<place].map(PromptItem.token)
            return ScoredToken(
                token: prompt[place],
                probabilities: CheckingBackend.probabilities(of: prompt[place], after: before, top: 2)
            )
        }
    }

    private static let large = BackendLimits(maxSequences: 4, contextLength: 512, maxStepTokens: 256)

    @Test("each token behind the first is told once, in order, in steps of a bounded number", arguments: [0, 1, 3])
    func whole(maxTokens: Int) throws {
        var harness = SchedulerHarness(Self.large)
        let id = try harness.admit(Self.scored(Self.prompt, maxTokens: maxTokens))
        harness.runToEnd()
        #expect(harness.scores[id] == Self.expected(Self.prompt))
        for plan in harness.record.plans {
            guard case .tokens(let slices) = plan.step else { continue }
            #expect(slices.reduce(0) { $0 + ($1.scores?.targets.count ?? 0) } <= SchedulingPolicy().scoredTokens)
        }
        guard case .finished(_, let usage)? = harness.closings[id]?.first else {
            Issue.record("it did not finish")
            return
        }
        #expect(usage.generated <= maxTokens && usage.cached == 0 && usage.prompt == Self.prompt.count)
        #expect(harness.record.failures.isEmpty)
    }

    @Test("how much of a prompt is computed is told after each step on it, what was cached included")
    func progress() throws {
        var harness = SchedulerHarness(Self.large)
        let asked = Work.generation(
            Generation(prompt: Self.prompt.map(PromptItem.token), maxTokens: 2, tellsProgress: true)
        )
        // Somebody who decodes makes the chunks small.
        let other = try harness.admit(.generation(.endless([1, 2, 3], maxTokens: 40)))
        while harness.answers[other] == nil { harness.step() }
        let first = try harness.admit(asked)
        harness.runToEnd()
        let told = try #require(harness.progress[first])
        #expect(told.count > 1 && told == told.sorted() && told.allSatisfy { $0 <= Self.prompt.count })
        let again = try harness.admit(asked)
        harness.runToEnd()
        let cached = try #require(harness.usage(again)).cached
        #expect(cached > 0 && harness.progress[again, default: []].allSatisfy { $0 >= cached })
    }

    @Test("the token that ends an answer is told where probabilities are asked for")
    func end() throws {
        for logprobs in [nil, 3] {
            var harness = SchedulerHarness(Self.large)
            var sampling = Sampling()
            sampling.logprobs = logprobs
            for seed in 0..<8 {
                sampling.seed = UInt32(seed)
                let generation = Generation(prompt: [.token(5)], sampling: sampling, maxTokens: 200)
                let id = try harness.admit(.generation(generation))
                harness.runToEnd()
                guard case .finished(let reason, _)? = harness.closings[id]?.first else { continue }
                #expect((harness.ends[id] != nil) == (reason == .stop && logprobs != nil))
            }
            #expect(harness.ends.isEmpty == (logprobs == nil))
        }
    }

    @Test("what is in memory already is computed again where it is told of, and used where it is not")
    func cached() throws {
        var harness = SchedulerHarness(Self.large)
        let first = try harness.admit(Self.prompt, maxTokens: 2)
        harness.runToEnd()
        let whole = try harness.admit(Self.scored(Self.prompt))
        harness.runToEnd()
        let tail = try harness.admit(Self.scored(Self.prompt, start: 140, maxTokens: 0))
        harness.runToEnd()
        #expect(harness.scores[first] == nil)
        #expect(harness.scores[whole] == Self.expected(Self.prompt))
        #expect(harness.scores[tail] == Self.expected(Self.prompt, start: 140))
        guard case .finished(_, let usage)? = harness.closings[tail]?.first else {
            Issue.record("it did not finish")
            return
        }
        #expect(usage.cached == 139)
        #expect(harness.record.failures.isEmpty)
    }

    @Test("a request that is set back, or whose memory is lost, tells nothing twice and leaves nothing out")
    func setBack() throws {
        for cuts in [true, false] {
            var limits = Self.large
            limits.maxSequences = 1
            limits.cutsSequences = cuts
            var policy = SchedulingPolicy()
            policy.stateBytes = 1 << 20
            policy.batchSteps = 1
            var harness = SchedulerHarness(limits, policy: policy)
            let scored = try harness.admit(Self.scored(Self.prompt), priority: .batch)
            harness.step()
            harness.step()
            // The same prompt, so that its memory holds more than is told.
            let other = try harness.admit(Self.prompt + [1, 2, 3], maxTokens: 2)
            harness.runToEnd()
            #expect(harness.scheduler.setBacks > 0)
            #expect(harness.answers[other]?.isEmpty == false)
            #expect(harness.scores[scored] == Self.expected(Self.prompt))
            #expect(harness.record.failures.isEmpty, "\(harness.record.failures)")
        }
    }

    @Test("fixed chunks and batch shapes change nothing of what is told")
    func fixedChunks() throws {
        var policy = SchedulingPolicy()
        policy.fixedChunk = SchedulingPolicy.deterministicChunk
        var harness = SchedulerHarness(Self.large, policy: policy)
        let one = try harness.admit(Self.scored(Self.prompt))
        let other = try harness.admit(Self.scored(Array(Self.prompt.reversed()), start: 40))
        harness.runToEnd()
        #expect(harness.scores[one] == Self.expected(Self.prompt))
        #expect(harness.scores[other] == Self.expected(Array(Self.prompt.reversed()), start: 40))
        #expect(harness.record.failures.isEmpty)
    }

    @Test("a reader that does not read holds up the telling, not the others")
    func slowReader() throws {
        var harness = SchedulerHarness(Self.large)
        let slow = try harness.admit(Self.scored(Self.prompt))
        harness.step()
        harness.scheduler.pause(slow)
        let told = harness.scores[slow]?.count
        let other = try harness.admit([1, 2, 3], maxTokens: 2)
        harness.runToEnd()
        #expect(harness.closings[other] != nil)
        #expect(harness.scores[slow]?.count == told)
        harness.scheduler.resume(slow)
        harness.runToEnd()
        #expect(harness.scores[slow] == Self.expected(Self.prompt))
    }

    @Test("tokens come with their probabilities where they are asked for, and without where not")
    func probabilities() async throws {
        let engine = InferenceEngine(name: "scoring-test", backend: CheckingBackend(limits: Self.large))
        for logprobs in [nil, 0, 3] {
            var sampling = Sampling()
            sampling.logprobs = logprobs
            let prompt = [PromptItem.token(5)]
            let generation = Generation(prompt: prompt, sampling: sampling, maxTokens: 4)
            for await event in try await engine.submit([.generation(generation)])[0].events {
                guard case .token(_, let probabilities) = event else { continue }
                #expect(probabilities?.top.count == logprobs)
            }
        }
        await engine.stop()
    }
}
