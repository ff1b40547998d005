import Dispatch
import RuntimeSupport
import Scheduling
import TestSupport
import Testing

@Suite("What an engine reports")
struct EngineMetricsTests {
    private let record = PlanRecord()
    private let board = EngineBoard(EngineReport())

    /// With one sequence, and room for all tokens of an endless answer: who begins keeps the sequence until it is cancelled.
    private func makeCrowdedEngine(maxWaiting: Int = 256) -> InferenceEngine {
        let limits = BackendLimits(maxSequences: 1, contextLength: 1_000_000, maxStepTokens: 8)
        return makeEngine(limits, maxWaiting: maxWaiting, channelCapacity: 1_000_000)
    }

    private func makeEngine(
        _ limits: BackendLimits = .small,
        maxWaiting: Int = 256,
        channelCapacity: Int = 1000,
        abort: AbortFlag = AbortFlag()
    ) -> InferenceEngine {
        var policy = SchedulingPolicy()
        policy.maxWaiting = maxWaiting
        return InferenceEngine(
            name: "metrics-test",
            backend: CheckingBackend(limits: limits, record: record),
            policy: policy,
            abort: abort,
            board: board,
            channelCapacity: channelCapacity
        )
    }

    private var report: EngineReport { board.withLock { $0 } }

    /// Reads to the closing event.
    private func finish(_ stream: RequestStream) async {
        for await event in stream.events where event.isClosing { return }
    }

    @Test("a bucket takes what is at most its bound")
    func buckets() {
        var histogram = Histogram(bounds: [1, 2])
        for value in [0.5, 1, 1.5, 2, 2.5, 100] { histogram.observe(value) }
        #expect(histogram.counts == [2, 2, 2])
        #expect(histogram.count == 6)
        #expect(histogram.sum == 107.5)
    }

    @Test("who has read an answer finds all of it counted")
    func answers() async throws {
        let engine = makeEngine()
        let streams = try await engine.submit([
            .generation(.endless([1, 2, 3], maxTokens: 5)), .generation(.endless([4, 5], maxTokens: 2)),
        ])
        for stream in streams { await finish(stream) }
        let metrics = report.metrics
        #expect(metrics.requests(.length) == 2)
        #expect(EngineMetrics.Outcome.allCases.reduce(0) { $0 + metrics.requests($1) } == 2)
        #expect(metrics.promptTokens == 5)
        #expect(metrics.cachedPromptTokens == 0)
        #expect(metrics.generatedTokens == 7)
        #expect(metrics.queueSeconds.count == 2)
        #expect(metrics.firstTokenSeconds.count == 2)
        #expect(metrics.tokenGapSeconds.count == 5)
        let plans = record.plans
        #expect(metrics.stepSeconds.count == UInt64(plans.count))
        #expect(metrics.stepSequences.sum == Double(plans.reduce(0) { $0 + $1.slices.count }))
        #expect(metrics.stepTokens.sum == Double(plans.flatMap(\.slices).reduce(0) { $0 + $1.tokens.count }))
        #expect(report.requests.isEmpty)
        await engine.stop()
    }

    @Test("what a prompt finds in the KV cache is counted, and the next engine of the board goes on counting")
    func cached() async throws {
        let prompt = (0..<20).map { TokenID($0) }
        let first = makeEngine()
        for _ in 0..<2 { await finish(try await first.submit([.generation(.endless(prompt, maxTokens: 1))])[0]) }
        #expect(report.metrics.promptTokens == 40)
        #expect(report.metrics.cachedPromptTokens == 19)
        await first.stop()
        let second = makeEngine()
        await finish(try await second.submit([.generation(.endless(prompt, maxTokens: 1))])[0])
        #expect(report.metrics.promptTokens == 60)
        #expect(report.metrics.requests(.length) == 3)
        await second.stop()
    }

    @Test("refusals, failures and readers that left are counted as such")
    func outcomes() async throws {
        let engine = makeCrowdedEngine(maxWaiting: 1)
        record.setOutcome(.failed("broken"), ofStep: 0)
        await finish(try await engine.submit([.generation(.endless([1]))])[0])
        let running = try await engine.submit([.generation(.endless([2]))])[0]
        _ = await running.events.next()
        let waiting = try await engine.submit([.generation(.endless([3], maxTokens: 1))])[0]
        await #expect(throws: SchedulingError.self) {
            _ = try await engine.submit([.generation(.endless([4])), .generation(.endless([5]))])
        }
        await #expect(throws: SchedulingError.self) { _ = try await engine.submit([.generation(.tokens([]))]) }
        running.events.cancel()
        await finish(waiting)
        let metrics = report.metrics
        #expect(metrics.requests(.failed) == 1)
        // Each of the two that came at once; the empty prompt was not refused for want of room.
        #expect(metrics.requests(.rejected) == 2)
        #expect(metrics.requests(.length) == 1)
        #expect(metrics.requests(.cancelled) == 1)
        await engine.stop()
    }

    @Test(
        "a step that is cut off because its readers left failed for none of them",
        arguments: [Work.generation(.endless([1])), .embedding([[1, 2], [3]])]
    )
    func cutOff(_ work: Work) async throws {
        let abort = AbortFlag()
        let limits = BackendLimits(
            maxSequences: 4,
            contextLength: 256,
            maxStepTokens: 64,
            maxEmbeddingTokens: 64,
            embeds: true
        )
        let engine = makeEngine(limits, abort: abort)
        let (inStep, signal) = AsyncStream.makeStream(of: Void.self)
        let left = DispatchSemaphore(value: 0)
        let isCutOff = Guarded(false)
        record.setGate { _ in
            signal.yield()
            left.wait()
            isCutOff.withLock { $0 = abort.isRaised }
        }
        record.setOutcome(.aborted, ofStep: 0)
        let stream = try await engine.submit([work])[0]
        for await _ in inStep { break }
        stream.events.cancel()
        record.setGate(nil)
        left.signal()
        await engine.drain()
        #expect(isCutOff.withLock { $0 })
        #expect(report.metrics.requests(.cancelled) == 1)
        #expect(report.metrics.requests(.failed) == 0)
        await engine.stop()
    }

    @Test("what runs and what waits, with its owner and how far it is")
    func state() async throws {
        let engine = makeCrowdedEngine()
        let one = try await engine.submit([.generation(.endless([1, 2, 3]))], owner: Owner(rawValue: 1))[0]
        let other = try await engine.submit([.generation(.endless([4, 5], maxTokens: 1))], owner: Owner(rawValue: 2))[0]
        // Its start, and its first token.
        for _ in 0..<2 { _ = await one.events.next() }
        let report = report
        #expect(report.counts == Scheduler.Counts(waiting: 1, running: 1))
        #expect(report.requests.map(\.owner) == [Owner(rawValue: 1), Owner(rawValue: 2)])
        #expect(report.requests.map(\.state.id) == [one.id, other.id])
        #expect(report.requests.map(\.state.state) == [.decode, .waiting])
        #expect(report.requests.map(\.state.sequence) == [SequenceID(rawValue: 0), nil])
        #expect(report.requests.map(\.promptTokens) == [3, 2])
        #expect(report.requests.map(\.state.computed) == [3, 0])
        let generated = report.requests.map(\.state.generated)
        #expect(generated[0] >= 1 && generated[1] == 0)
        #expect(report.sequences.map(\.user) == [one.id])
        // The last token is sampled, and not yet in memory.
        #expect(report.sequences.map(\.tokens) == [3 + generated[0] - 1])
        one.events.cancel()
        await finish(other)
        #expect(self.report.requests.isEmpty)
        #expect(self.report.sequences.map(\.owner) == [Owner(rawValue: 2)])
        #expect(self.report.sequences.map(\.user) == [nil])
        await engine.stop()
    }

    @Test("a report is read without waiting for the step that is under way")
    func underWay() async throws {
        let engine = makeEngine()
        let (inStep, signal) = AsyncStream.makeStream(of: Void.self)
        let release = DispatchSemaphore(value: 0)
        record.setGate { [record] _ in
            guard record.plans.count == 3 else { return }
            signal.yield()
            release.wait()
        }
        let stream = try await engine.submit([.generation(.endless([1, 2, 3], maxTokens: 9))])[0]
        for await _ in inStep { break }
        #expect(report.requests.map(\.state.state) == [.decode])
        #expect(report.requests.map(\.state.generated) == [2])
        #expect(report.metrics.stepSeconds.count == 2)
        release.signal()
        await finish(stream)
        await engine.stop()
    }
}
