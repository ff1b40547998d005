import RuntimeSupport
import Scheduling
import TestSupport
import Testing

@Suite("Ending answers at their owner's wish")
struct FinishingTests {
    private let record = PlanRecord()

    private func makeEngine() -> InferenceEngine {
        InferenceEngine(
            name: "engine-test",
            backend: CheckingBackend(limits: .small, record: record),
            channelCapacity: 16
        )
    }

    private func read(_ stream: RequestStream) async -> (tokens: Int, closing: RequestEvent?) {
        var tokens = 0
        for await event in stream.events {
            if event.isClosing { return (tokens, event) }
            if case .token = event { tokens += 1 }
        }
        return (tokens, nil)
    }

    @Test("those of one owner end with what they have, the others go on")
    func oneOwner() async throws {
        let engine = makeEngine()
        let (mine, other) = (Owner(rawValue: 0), Owner(rawValue: 1))
        // Neither is read, so both stand still once their channels are full.
        let stopped = try await engine.submit([.generation(.endless([1], maxTokens: 200))], owner: mine)[0]
        let going = try await engine.submit([.generation(.endless([2], maxTokens: 200))], owner: other)[0]
        while await engine.counts.paused < 2 { await Task.yield() }
        await engine.finishAnswers(of: mine)
        let (tokens, closing) = await read(stopped)
        #expect(tokens == 15)
        guard case .finished(.stop, let usage) = closing else {
            Issue.record("\(String(describing: closing))")
            return
        }
        #expect(usage.generated == 15)
        #expect(await read(going).tokens == 200)
        await engine.drain()
        await engine.stop()
        #expect(record.failures == [])
    }

    @Test("one that still waits ends without a token, and its place is free")
    func waiting() async throws {
        let engine = makeEngine()
        let works = (0..<40).map { Work.generation(.endless([TokenID($0 + 1)], maxTokens: 200)) }
        let streams = try await engine.submit(works)
        while await engine.counts.paused < BackendLimits.small.maxSequences { await Task.yield() }
        await engine.finishAnswers(of: .anyone)
        let counts = await engine.counts
        #expect(counts.waiting == 0)
        #expect(counts.running == 0)
        for stream in streams {
            if case .finished(.stop, _) = await read(stream).closing { continue }
            Issue.record("\(stream.id) did not end")
        }
        #expect(engine.board.withLock { $0.metrics.requests(.cancelled) } == 40)
        await engine.stop()
        #expect(record.failures == [])
    }
}
