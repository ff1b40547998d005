import Llama
import RuntimeSupport
import Testing

@testable import InferenceServer

@Suite("The model pool")
struct ModelPoolTests {
    /// A loader that waits until it is told how a load ends, and says what was loaded and unloaded.
    private final class Loads: Sendable {
        private let pending = Guarded<[String: CheckedContinuation<String, any Error>]>([:])
        let events: AsyncStream<String>
        private let event: AsyncStream<String>.Continuation

        init() { (events, event) = AsyncStream.makeStream() }

        func load(_ id: String) async throws -> String {
            try await withCheckedThrowingContinuation { continuation in
                pending.withLock { $0[id] = continuation }
                event.yield("load \(id)")
            }
        }

        func unload(_ model: String) { event.yield("unload \(model)") }

        func finish(_ id: String, failing: Bool = false) {
            let continuation = pending.withLock { $0.removeValue(forKey: id) }
            if failing { continuation?.resume(throwing: PoolError.noRoom) } else { continuation?.resume(returning: id) }
        }
    }

    /// A pool whose patience ends only when the task is cancelled.
    private func makePool(_ loads: Loads, budget: UInt64 = 10) -> ModelPool<String> {
        let costs: [String: UInt64] = ["a": 6, "b": 5]
        return ModelPool(
            PoolState(
                budget: MemoryBudget(host: budget),
                costs: costs.mapValues { ModelMemory(host: MemoryUse(weights: $0)) },
                maxWaiting: 100
            ),
            patience: {
                let (never, _) = AsyncStream.makeStream(of: Void.self)
                for await _ in never {}
                throw CancellationError()
            },
            load: { try await loads.load($0) },
            unload: { loads.unload($0) }
        )
    }

    @Test("many who ask at once get the one model that is loaded once")
    func together() async throws {
        let loads = Loads()
        let pool = makePool(loads)
        var events = loads.events.makeAsyncIterator()
        let tasks = (0..<20).map { _ in Task { try await pool.lease("a").model } }
        #expect(await events.next() == "load a")
        loads.finish("a")
        for task in tasks { #expect(try await task.value == "a") }
        await pool.close()
        #expect(await events.next() == "unload a")
    }

    /// A lease on a model that is not loaded yet.
    private func load(_ id: String, _ pool: ModelPool<String>, _ loads: Loads) async throws -> ModelLease<String> {
        async let lease = pool.lease(id)
        for await event in loads.events where event == "load \(id)" { break }
        loads.finish(id)
        return try await lease
    }

    @Test("a lease keeps its model, whoever else needs the room; when it ends, the model makes room")
    func lease() async throws {
        let loads = Loads()
        let pool = makePool(loads)
        var held: ModelLease<String>? = try await load("a", pool, loads)
        let second = Task { try await pool.lease("b").model }
        // Whoever asks for the loaded model gets it, while the other one waits.
        for _ in 0..<10 { #expect(try await pool.lease("a").model == held?.model) }
        held = nil
        var events = loads.events.makeAsyncIterator()
        #expect(await events.next() == "unload a")
        #expect(await events.next() == "load b")
        loads.finish("b")
        #expect(try await second.value == "b")
        await pool.close()
    }

    @Test("an idle model is unloaded for another, and the load begins behind that")
    func swap() async throws {
        let loads = Loads()
        let pool = makePool(loads)
        var events = loads.events.makeAsyncIterator()
        let first = Task { _ = try await pool.lease("a") }
        #expect(await events.next() == "load a")
        loads.finish("a")
        try await first.value
        let second = Task { try await pool.lease("b").model }
        #expect(await events.next() == "unload a")
        #expect(await events.next() == "load b")
        loads.finish("b")
        #expect(try await second.value == "b")
        await pool.close()
    }

    @Test("a failed load is an error to its own, and another try may succeed")
    func failure() async throws {
        let loads = Loads()
        let pool = makePool(loads, budget: 20)
        var events = loads.events.makeAsyncIterator()
        let bad = Task { try await pool.lease("a").model }
        #expect(await events.next() == "load a")
        let good = Task { try await pool.lease("b").model }
        #expect(await events.next() == "load b")
        loads.finish("a", failing: true)
        loads.finish("b")
        await #expect(throws: PoolError.loadFailed("a", PoolError.noRoom.description)) { try await bad.value }
        #expect(try await good.value == "b")
        let again = Task { try await pool.lease("a").model }
        #expect(await events.next() == "load a")
        loads.finish("a")
        #expect(try await again.value == "a")
        await pool.close()
    }

    @Test("one who leaves while waiting leaves the load and the others alone")
    func vanished() async throws {
        let loads = Loads()
        let pool = makePool(loads)
        var events = loads.events.makeAsyncIterator()
        let gone = Task { try await pool.lease("a").model }
        #expect(await events.next() == "load a")
        let stays = Task { try await pool.lease("a").model }
        gone.cancel()
        await #expect(throws: CancellationError.self) { try await gone.value }
        loads.finish("a")
        #expect(try await stays.value == "a")
        await pool.close()
    }

    @Test("one whose patience ends is refused")
    func patience() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let pool = ModelPool<String>(
            PoolState(
                budget: MemoryBudget(host: 1),
                costs: ["a": ModelMemory(host: MemoryUse(weights: 2))],
                maxWaiting: 10
            ),
            patience: { for await _ in ends { break } },
            load: { $0 },
            unload: { _ in }
        )
        let task = Task { try await pool.lease("a").model }
        end.yield()
        await #expect(throws: PoolError.noRoom) { try await task.value }
        await pool.close()
    }

    @Test("a model is unloaded at a wish unless somebody uses it, and loaded again when it is asked for")
    func unloadedAtWish() async throws {
        let loads = Loads()
        let pool = makePool(loads)
        var events = loads.events.makeAsyncIterator()
        #expect(await pool.unload("a"))
        let task = Task { try await pool.lease("a").model }
        #expect(await events.next() == "load a")
        #expect(await !pool.unload("a"))
        loads.finish("a")
        #expect(try await task.value == "a")
        var lease: ModelLease<String>? = try await pool.lease("a")
        #expect(lease?.model == "a")
        #expect(await !pool.unload("a"))
        lease = nil
        try #require(await pool.unload("a"))
        #expect(await events.next() == "unload a")
        guard case .absent = pool.phase("a") else {
            Issue.record("it is still there")
            return
        }
        let again = Task { try await pool.lease("a").model }
        #expect(await events.next() == "load a")
        loads.finish("a")
        #expect(try await again.value == "a")
        await pool.close()
    }
}
