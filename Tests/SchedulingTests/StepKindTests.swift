import Scheduling
import TestSupport
import Testing

@Suite("Kinds of step")
struct StepKindTests {
    private let limits = BackendLimits(
        maxSequences: 4,
        contextLength: 256,
        maxStepTokens: 64,
        maxEmbeddingTokens: 32,
        embeds: true,
        encodesMedia: true
    )
    private let image = MediaItem(contentHash: 42, tokenCount: 16, positionCount: 4)

    @Test("texts are packed whole into embedding steps within the limit")
    func packing() throws {
        var harness = SchedulerHarness(limits)
        let texts: [[TokenID]] = [10, 20, 5, 32, 1, 1, 1, 1, 1].map { Array(repeating: 3, count: $0) }
        let ids = try texts.map { try harness.admit(.embedding([$0])) }
        harness.runToEnd()
        #expect(
            harness.record.plans.map { $0.texts.map(\.tokens.count) } == [[10, 20, 1, 1], [5, 1, 1, 1], [32]]
        )
        for (id, text) in zip(ids, texts) { #expect(harness.usage(id)?.prompt == text.count) }
    }

    @Test("a text longer than an embedding step is refused")
    func longText() {
        var harness = SchedulerHarness(limits)
        #expect(throws: SchedulingError.self) { try harness.admit(.embedding([Array(repeating: 1, count: 33)])) }
    }

    @Test("a media item is encoded alone, at its place in the prompt")
    func media() throws {
        var harness = SchedulerHarness(limits)
        let prompt: [PromptItem] = [.token(1), .token(2), .media(image), .token(3), .media(image)]
        let generation = Generation(prompt: prompt, maxTokens: 5)
        let id = try harness.admit(.generation(generation))
        harness.runToEnd()
        #expect(harness.record.plans.compactMap(\.encode).map(\.position) == [2, 7])
        #expect(harness.usage(id)?.prompt == 35)
        #expect(harness.answers[id, default: []] == CheckingBackend.expectedAnswer(to: generation, limits: limits))
    }

    @Test("kinds take turns: between two encodes a running stream gets its token")
    func turns() throws {
        var harness = SchedulerHarness(limits)
        let stream = try harness.admit(.generation(.endless([1], maxTokens: 50)))
        harness.step()
        _ = try harness.admit(.generation(Generation(prompt: Array(repeating: .media(image), count: 8), maxTokens: 1)))
        for _ in 0..<20 { _ = try harness.admit(.embedding([Array(repeating: 2, count: 30)])) }
        var sinceStream = 0
        while harness.closings[stream] == nil {
            guard let plan = harness.step() else { break }
            sinceStream = plan.slices.contains { $0.request == stream } ? 0 : sinceStream + 1
            #expect(sinceStream <= 2)
        }
        harness.runToEnd()
    }

    @Test("work that the backend has no step for is refused")
    func unsupported() {
        var harness = SchedulerHarness(.small)
        #expect(throws: SchedulingError.self) { try harness.admit(.embedding([[1]])) }
        #expect(throws: SchedulingError.self) {
            try harness.admit(.generation(Generation(prompt: [.media(image)])))
        }
    }
}
