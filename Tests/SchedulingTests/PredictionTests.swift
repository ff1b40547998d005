import TestSupport
import Testing

@testable import Scheduling

@Suite("Predicted answers")
struct PredictionTests {
    private static let prompt = (0..<30).map { PromptItem.token(TokenID(200 + $0)) }

    private static func generation(_ prediction: [TokenID], maxTokens: Int = 80) -> Generation {
        var sampling = Sampling()
        sampling.ignoresEnd = true
        return Generation(prompt: prompt, sampling: sampling, maxTokens: maxTokens, prediction: prediction)
    }

    private static let answer = CheckingBackend.expectedAnswer(to: generation([]), limits: .small)

    private func harness(maxDrafts: Int = 8, chunk: Int? = nil) -> SchedulerHarness {
        var policy = SchedulingPolicy()
        (policy.maxDrafts, policy.fixedChunk, policy.maxGap) = (maxDrafts, chunk, .seconds(10))
        var cost = StepCost()
        cost.draft = 0.0005
        var harness = SchedulerHarness(policy: policy, costs: cost.learned)
        harness.cost = cost
        return harness
    }

    /// How an answer came: the steps in which it was decoded, and what it cost.
    private func run(_ prediction: [TokenID], _ harness: SchedulerHarness) throws -> (steps: Int, usage: TokenUsage) {
        var harness = harness
        let id = try harness.admit(.generation(Self.generation(prediction)))
        harness.runToEnd()
        #expect(harness.answers[id] == Self.answer, "a prediction has changed the answer")
        return (harness.record.plans.count { !$0.slices.isEmpty }, try #require(harness.usage(id)))
    }

    @Test("a right one saves most steps, and its tokens are counted as accepted")
    func right() throws {
        let (steps, usage) = try run(Self.answer, harness())
        let (without, plain) = try run([], harness())
        #expect(usage.generated == 80 && without >= 80)
        #expect(steps < 20, "\(steps) steps for 80 tokens")
        #expect(usage.predicted > 60 && usage.mispredicted == 0)
        #expect(usage.predicted == usage.accepted)
        #expect(plain.predicted == 0 && plain.mispredicted == 0)
    }

    @Test("one with a place that differs is taken up again behind it")
    func changed() throws {
        var prediction = Self.answer
        prediction.replaceSubrange(30..<34, with: [7, 7])
        prediction.insert(contentsOf: [9, 9, 9, 9, 9, 9], at: 50)
        let (steps, usage) = try run(prediction, harness())
        #expect(steps < 40, "\(steps) steps for 80 tokens")
        #expect(usage.predicted > 45 && usage.mispredicted > 0)
    }

    @Test("a wrong one costs the guesses of a few steps")
    func wrong() throws {
        let wrong = Self.answer.map { $0 ^ 1 }
        let (steps, usage) = try run(wrong, harness())
        #expect(steps <= 82)
        #expect(usage.predicted == 0 && usage.mispredicted <= 16)
    }

    @Test("one that is longer or shorter than the answer, or empty, does no harm", arguments: [0, 1, 2, 5, 200])
    func length(count: Int) throws {
        let prediction = Array((Self.answer + Self.answer + Self.answer).prefix(count))
        let usage = try run(prediction, harness()).usage
        #expect(usage.predicted <= count)
    }

    @Test("nothing is guessed where nothing may be", arguments: [(0, Int?.none), (8, 32)])
    func off(maxDrafts: Int, chunk: Int?) throws {
        let usage = try run(Self.answer, harness(maxDrafts: maxDrafts, chunk: chunk)).usage
        #expect(usage.predicted == 0 && usage.mispredicted == 0 && usage.drafted == 0)
    }

    @Test("the next tokens are told as long as the answer goes along, and again behind a run that occurs")
    func places() {
        var text = PredictedText([1, 2, 3, 4, 5, 6, 7, 8])
        #expect(text.guesses(atMost: 3) == [1, 2, 3])
        text.append(1)
        #expect(text.guesses(atMost: 2) == [2, 3])
        text.append(9)
        #expect(text.guesses(atMost: 2) == [])
        for token: TokenID in [4, 5, 6] { text.append(token) }
        #expect(text.guesses(atMost: 9) == [7, 8])
        for token: TokenID in [7, 8] { text.append(token) }
        #expect(text.guesses(atMost: 9) == [])
        text.append(1)
        #expect(text.guesses(atMost: 9) == [])
        #expect(PredictedText([]).guesses(atMost: 4) == [])
    }
}
