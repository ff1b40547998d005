import Dispatch
import RuntimeSupport
import Scheduling
import TestSupport
import Testing

@Suite("The inference engine")
struct InferenceEngineTests {
    private let record = PlanRecord()

    private func makeEngine(
        _ limits: BackendLimits = .small,
        policy: SchedulingPolicy = SchedulingPolicy(),
        channelCapacity: Int = 16
    ) -> InferenceEngine {
        InferenceEngine(
            name: "engine-test",
            backend: CheckingBackend(limits: limits, record: record),
            policy: policy,
            channelCapacity: channelCapacity
        )
    }

    /// All events of a stream.
    private func read(_ stream: RequestStream) async -> (tokens: [TokenID], closing: RequestEvent?) {
        var tokens: [TokenID] = []
        for await event in stream.events {
            if event.isClosing { return (tokens, event) }
            if case .token(let token, _) = event { tokens.append(token) }
        }
        return (tokens, nil)
    }

    @Test("many requests from many tasks each get their own whole answer")
    func many() async throws {
        let engine = makeEngine()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let generation = Generation.tokens([TokenID(number), 2, 3], maxTokens: 30)
                    do {
                        let streams = try await engine.submit([.generation(generation)])
                        let answer = await read(streams[0])
                        #expect(answer.tokens == CheckingBackend.expectedAnswer(to: generation, limits: .small))
                        #expect(answer.closing?.isClosing == true)
                    } catch {
                        Issue.record(error)
                    }
                }
            }
        }
        await engine.drain()
        await engine.stop()
        #expect(record.failures == [])
    }

    @Test("a reader that does not read pauses its own request alone")
    func backPressure() async throws {
        let engine = makeEngine()
        let slow = try await engine.submit([.generation(.endless([1], maxTokens: 200))])[0]
        let fast = try await engine.submit([.generation(.endless([2], maxTokens: 100))])[0]
        #expect(await read(fast).tokens.count == 100)
        #expect(await engine.counts.paused == 1)
        let stepsOfSlow = record.plans.count { $0.slices.contains { $0.request == slow.id } }
        #expect(stepsOfSlow == 15)  // the event of the start takes a place too
        #expect(await read(slow).tokens.count == 200)
        await engine.stop()
    }

    @Test("a dropped stream ends its request: no step that begins later works for it")
    func dropped() async throws {
        let engine = makeEngine(channelCapacity: 1000)
        // The fifth step is under way while the reader goes.
        let (inFifth, signal) = AsyncStream.makeStream(of: Void.self)
        let release = DispatchSemaphore(value: 0)
        record.setGate { [record] _ in
            guard record.plans.count == 5 else { return }
            signal.yield()
            release.wait()
        }
        let stream = try await engine.submit([.generation(.endless([1]))])[0]
        for await _ in inFifth { break }
        stream.events.cancel()
        release.signal()
        await engine.drain()
        #expect(record.plans.count { $0.slices.contains { $0.request == stream.id } } == 5)
        record.setGate(nil)
        #expect(await engine.counts == Scheduler.Counts())
        await engine.stop()
    }

    @Test("a cancelled reading task ends its request")
    func cancelledTask() async throws {
        let engine = makeEngine(channelCapacity: 8)
        let stream = try await engine.submit([.generation(.endless([1]))])[0]
        let task = Task {
            var count = 0
            while await stream.events.next() != nil {
                count += 1; if count == 3 { withUnsafeCurrentTask { unsafe $0?.cancel() } }
            }
            return count
        }
        #expect(await task.value == 3)
        await engine.drain()
        #expect(await engine.counts == Scheduler.Counts())
        await engine.stop()
    }

    @Test("a full queue refuses with a number of seconds to wait")
    func overload() async throws {
        var policy = SchedulingPolicy()
        policy.maxWaiting = 2
        let limits = BackendLimits(maxSequences: 1, contextLength: 1_000_000, maxStepTokens: 8)
        // The first has no end in sight, and room for all its tokens, so it keeps the one sequence.
        let engine = makeEngine(limits, policy: policy, channelCapacity: 1_000_000)
        let first = try await engine.submit([.generation(.endless([1]))])[0]
        _ = await first.events.next()
        let waiting = try await engine.submit([.generation(.tokens([2])), .generation(.tokens([3]))])
        do {
            _ = try await engine.submit([.generation(.tokens([4]))])
            Issue.record("admitted")
        } catch {
            guard case .queueFull(let seconds) = error.code else {
                Issue.record("\(error)")
                return
            }
            #expect(seconds >= 1 && seconds <= 120)
        }
        first.events.cancel()
        for stream in waiting { #expect(await read(stream).closing?.isClosing == true) }
        await engine.stop()
    }

    @Test("a stop ends every request with one closing event, and later ones are refused")
    func stop() async throws {
        let engine = makeEngine(channelCapacity: 4)
        let streams = try await engine.submit((0..<6).map { .generation(.endless([TokenID($0)])) })
        await engine.stop()
        for stream in streams {
            guard case .failed(let error) = await read(stream).closing else {
                Issue.record("not ended by the stop")
                continue
            }
            #expect(error.code == .stopping)
        }
    }

    @Test("the engine's thread is its own: a step that blocks does not hold up other tasks")
    func ownThread() async throws {
        let engine = makeEngine()
        let (inStep, signal) = AsyncStream.makeStream(of: Void.self)
        let release = DispatchSemaphore(value: 0)
        record.setGate { _ in
            signal.yield()
            release.wait()
        }
        let stream = try await engine.submit([.generation(.endless([1], maxTokens: 1))])[0]
        for await _ in inStep { break }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { await Task.yield() } }
        }
        release.signal()
        #expect(await read(stream).tokens.count == 1)
        record.setGate(nil)
        await engine.stop()
    }

    @Test("a step that works for nobody any more is cut off; one that others share is not")
    func cutOff() async throws {
        let abort = AbortFlag()
        let engine = InferenceEngine(
            name: "engine-test",
            backend: CheckingBackend(limits: .small, record: record),
            abort: abort
        )
        // A step lasts until one of those whom it works for has left.
        let entered = AsyncStream<Int>.makeStream()
        let left = DispatchSemaphore(value: 0)
        let seen = Guarded<[Bool]>([])
        record.setGate { plan in
            entered.continuation.yield(plan.slices.count)
            left.wait()
            seen.withLock { $0.append(abort.isRaised) }
        }
        var steps = entered.stream.makeAsyncIterator()
        let both = try await engine.submit([.generation(.endless([1])), .generation(.endless([2]))])
        #expect(await steps.next() == 2)
        both[0].events.cancel()
        left.signal()
        // What is left of the two is alone in the next step, and is cut off in it.
        #expect(await steps.next() == 1)
        both[1].events.cancel()
        record.setGate(nil)
        #expect(seen.withLock { $0 } == [false])
        left.signal()
        let generation = Generation.tokens([5], maxTokens: 5)
        let answer = await read(try await engine.submit([.generation(generation)])[0])
        #expect(answer.tokens == CheckingBackend.expectedAnswer(to: generation, limits: .small))
        #expect(seen.withLock { $0 } == [false, true])
        await engine.stop()
    }

    @Test("an engine that waits for its turn owes no sign of life; one in a step does")
    func heartbeat() async throws {
        let clock = Guarded(Int64(0))
        let heart = Heartbeat(now: { clock.withLock { $0 } })
        let cores = CoreArbiter()
        let other = cores.makeSeat()
        let engine = InferenceEngine(
            name: "engine-test",
            backend: CheckingBackend(limits: .small, record: record),
            heartbeat: heart,
            seat: cores.makeSeat()
        )
        let (inStep, stepMayEnd) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
        record.setGate { _ in
            inStep.continuation.yield()
            stepMayEnd.wait()
        }
        let generation = Generation.tokens([5], maxTokens: 1)
        let turnMayEnd = DispatchSemaphore(value: 0)
        let turn = AsyncStream.makeStream(of: Void.self)
        let long = Task {
            try await onThread("other") {
                other.turn {
                    turn.continuation.yield()
                    turnMayEnd.wait()
                }
                other.rest()
            }
        }
        for await _ in turn.stream { break }
        let stream = try await engine.submit([.generation(generation)])[0]
        // It has asked for its turn.
        while !other.hasCompany { await Task.yield() }
        clock.withLock { $0 += 100_000 }
        #expect(heart.silence == .zero)
        turnMayEnd.signal()
        for await _ in inStep.stream { break }
        clock.withLock { $0 += 100_000 }
        #expect(heart.silence == .seconds(100))
        record.setGate(nil)
        stepMayEnd.signal()
        _ = await read(stream)
        try await long.value
        await engine.stop()
    }
}
