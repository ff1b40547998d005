import RuntimeSupport
import Scheduling
import TestSupport
import Testing

/// What goes out of an engine's memory and into another's.
@Suite("Cached prefixes")
struct CachedPrefixTests {
    private let prompt = (1...100).map(TokenID.init)

    private func makeEngine(
        _ record: PlanRecord,
        limits: BackendLimits = .small,
        stateBytes: Int = 4096,
        fixedChunk: Int? = nil
    ) -> InferenceEngine {
        var policy = SchedulingPolicy()
        policy.stateBytes = stateBytes
        policy.fixedChunk = fixedChunk
        var limits = limits
        limits.stateBytesPerToken = 4
        let backend = CheckingBackend(limits: limits, record: record)
        return InferenceEngine(name: "prefix-test", backend: backend, policy: policy, channelCapacity: 512)
    }

    private func answer(_ generation: Generation, _ engine: InferenceEngine, owner: Owner = .anyone) async throws -> (
        tokens: [TokenID], cached: Int
    ) {
        var tokens: [TokenID] = []
        for await event in try await engine.submit([.generation(generation)], owner: owner)[0].events {
            switch event {
            case .token(let token, _): tokens.append(token)
            case .finished(_, let usage): return (tokens, usage.cached)
            default: break
            }
        }
        return (tokens, -1)
    }

    @Test("a later engine goes on from an earlier one's memory, for the same owner alone")
    func moved() async throws {
        let record = PlanRecord()
        let mine = Owner(rawValue: 0)
        let first = makeEngine(record)
        let generation = Generation.endless(prompt, maxTokens: 20)
        let answer = try await answer(generation, first, owner: mine)
        let prefix = try #require(await first.cachedPrefixes.first)
        #expect(prefix.owner == mine)
        // The last token was told and not computed.
        #expect(prefix.tokens == prompt + answer.tokens.dropLast())
        let content = try #require(await first.content(of: prefix))
        await first.stop()

        let second = makeEngine(record)
        #expect(await second.adopt(prefix, content))
        let others = try await self.answer(generation, second, owner: Owner(rawValue: 1))
        #expect(others.cached == 0)
        let again = try await self.answer(generation, second, owner: mine)
        #expect(again.cached == prompt.count - 1)
        #expect(again.tokens == answer.tokens)
        await second.stop()
        #expect(record.failures == [])
    }

    @Test("operations that wait are done before memory is read")
    func pending() async throws {
        let record = PlanRecord()
        let engine = makeEngine(record)
        let generation = Generation.endless(prompt, maxTokens: 30)
        let answer = try await answer(generation, engine)
        let prefix = try #require(await engine.cachedPrefixes.first)
        let expected = (generation.prompt + answer.tokens.dropLast().map(PromptItem.token))
        let steps = record.plans.count
        for _ in 0..<2 { #expect(await engine.content(of: prefix) == CheckingBackend.bytes(of: expected)) }
        // A plan of operations alone, once.
        #expect(record.plans.count == steps + 1)
        #expect(record.plans.last?.operations.isEmpty == false)
        #expect(record.plans.last?.slices.isEmpty == true)
        await engine.stop()
        #expect(record.failures == [])
    }

    @Test("what is the beginning of another, too short, or gone is not worth keeping")
    func worthKeeping() async throws {
        let engine = makeEngine(PlanRecord())
        _ = try await answer(.endless(Array(prompt.prefix(10)), maxTokens: 2), engine)
        #expect(await engine.cachedPrefixes.isEmpty)
        _ = try await answer(.endless(prompt, maxTokens: 1), engine)
        _ = try await answer(.endless(prompt + (200...250), maxTokens: 1), engine, owner: Owner(rawValue: 1))
        _ = try await answer(.endless(prompt + (300...350), maxTokens: 1), engine)
        let found = await engine.cachedPrefixes
        #expect(found.map(\.tokens.count) == [151, 151])
        // The most recently used first.
        #expect(found.map(\.owner) == [.anyone, Owner(rawValue: 1)])
        #expect(await engine.content(of: CachedPrefix(owner: .anyone, tokens: prompt)) == nil)
        await engine.stop()
    }

    @Test("memory that can't be cut is used again as a whole or not at all")
    func uncut() {
        let prompt = (1...60).map(TokenID.init)
        var limits = BackendLimits.small
        limits.cutsSequences = false
        func use(_ count: Int, of prompt: [TokenID], fixed: Int = 0, chunk: Int? = nil) -> Int {
            let tokens = (1...TokenID(count)).map { $0 }
            return Scheduler.usableCount(
                of: CachedPrefix(owner: .anyone, tokens: tokens, fixedCount: fixed),
                for: prompt.map(PromptItem.token),
                limits: limits,
                fixedChunk: chunk
            )
        }
        #expect(use(40, of: prompt) == 40)
        #expect(use(60, of: prompt) == 0)
        #expect(use(61, of: prompt) == 0)
        limits.cutsSequences = true
        #expect(use(60, of: prompt) == 59)
        #expect(use(40, of: Array(prompt.prefix(20)) + [0, 0]) == 20)
        #expect(use(40, of: []) == 0)
        #expect(use(40, of: prompt, chunk: 16) == 0)
        #expect(use(40, of: prompt, fixed: 38, chunk: 16) == 32)
    }

    @Test("what does not fit is not taken in, and what is taken in makes the oldest go")
    func room() async throws {
        let engine = makeEngine(PlanRecord(), stateBytes: 600)
        func adopt(_ start: TokenID, _ count: Int) async -> Bool {
            let tokens = (start..<start + TokenID(count)).map { $0 }
            return await engine.adopt(
                CachedPrefix(owner: .anyone, tokens: tokens),
                CheckingBackend.bytes(of: tokens.map(PromptItem.token))
            )
        }
        #expect(await adopt(1, 151) == false)
        #expect(await adopt(1, 70))
        #expect(await adopt(200, 70))
        #expect(await adopt(400, 70))
        #expect(await engine.cachedPrefixes.map { $0.tokens[0] }.sorted() == [200, 400])
        let again = try await answer(.endless((200..<300).map { $0 }, maxTokens: 3), engine)
        #expect(again.cached == 70)
        await engine.stop()
        #expect(await engine.adopt(CachedPrefix(owner: .anyone, tokens: prompt), [1]) == false)
    }

    @Test("work is not admitted while it is worth bringing a prefix in first")
    func unlessStored() async throws {
        let engine = makeEngine(PlanRecord())
        let work = Work.generation(.endless(prompt, maxTokens: 2))
        #expect(try await engine.submit([work], unlessStored: [80]) == nil)
        #expect(await engine.counts == Scheduler.Counts())
        let streams = try #require(try await engine.submit([work], unlessStored: [60]))
        // What is just being computed counts as held.
        #expect(try await engine.submit([work], unlessStored: [99]) != nil)
        for await event in streams[0].events where event.isClosing { break }
        #expect(try await engine.submit([work], unlessStored: [99]) != nil)
        await engine.stop()
    }

    @Test("idleness is told after each burst of work, and the end of the engine too")
    func idle() async throws {
        let engine = makeEngine(PlanRecord())
        async let first = engine.idle(after: 0)
        _ = try await answer(.endless([1, 2], maxTokens: 3), engine)
        let steps = try #require(await first)
        #expect(await engine.isIdle(at: steps))
        async let second = engine.idle(after: steps)
        _ = try await answer(.endless([1, 2], maxTokens: 3), engine)
        #expect(await !engine.isIdle(at: steps))
        let later = try #require(await second)
        #expect(later > steps)
        async let last = engine.idle(after: later)
        await engine.stop()
        #expect(await last == nil)
    }
}
