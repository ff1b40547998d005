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
    private let image = MediaItem(hash: MediaHash(low: 42), tokenCount: 16, positionCount: 4)

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

    @Test("kinds take turns: between two steps of media a running stream gets its token")
    func turns() throws {
        var harness = SchedulerHarness(limits)
        let stream = try harness.admit(.generation(.endless([1], maxTokens: 50)))
        harness.step()
        let images = (0..<8).map { number in
            PromptItem.media(MediaItem(hash: MediaHash(low: number), tokenCount: 16, positionCount: 4))
        }
        _ = try harness.admit(.generation(Generation(prompt: images + [.token(1)], maxTokens: 1)))
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
