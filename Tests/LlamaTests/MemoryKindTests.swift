import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing
import Tokenizer

/// Memory of every kind: what is used again of it gives the answers of a fresh start.
@Suite("Recurrent, hybrid and sliding-window memory", .serialized)
struct MemoryKindTests {
    private static let shared = TinyModel.letters(120, seed: 1)

    /// A prompt that begins as the others do.
    private static func prompt(_ number: UInt64) -> [Token] { shared + TinyModel.letters(25, seed: 100 + number) }

    @Test("what can be cut is known, and what a state takes", arguments: TinyModel.allCases)
    func limits(kind: TinyModel) throws {
        let limits = try kind.makeBackend().limits
        #expect(limits.cutsSequences == kind.cutsSequences)
        #expect(!limits.cutsStates)
        #expect((limits.stateBytes > 0) == !kind.cutsSequences)
        #expect((limits.stateBytesPerToken > 0) == (kind != .mamba))
    }

    @Test("an answer tells of the whole prompt: the comparisons below can fail", arguments: TinyModel.allCases)
    func sensitive(kind: TinyModel) async throws {
        var other = Self.prompt(1)
        other[40] = other[40] == 300 ? 301 : 300
        let first = try await kind.freshAnswer(.drawn(Self.prompt(1)))
        #expect(try await kind.freshAnswer(.drawn(Self.prompt(1))) == first)
        #expect(try await kind.freshAnswer(.drawn(other)) != first)
    }

    @Test("the same prompt again is computed but for its last token", arguments: TinyModel.allCases)
    func again(kind: TinyModel) async throws {
        let generation = Generation.drawn(Self.prompt(1))
        let expected = try await kind.freshAnswer(generation)
        let engine = try kind.makeEngine()
        for round in 0..<3 {
            let answer = try await LoadedModel.answer(generation, engine)
            #expect(answer.tokens == expected)
            #expect(answer.usage.cached == (round == 0 ? 0 : generation.prompt.count - 1))
        }
        await engine.stop()
    }

    @Test("prompts that begin alike share the beginning, from the third on in any case", arguments: TinyModel.allCases)
    func sharedPrefix(kind: TinyModel) async throws {
        let engine = try kind.makeEngine(sequences: 2)
        for number: UInt64 in 1...4 {
            let generation = Generation.drawn(Self.prompt(number))
            let answer = try await LoadedModel.answer(generation, engine)
            #expect(answer.tokens == (try await kind.freshAnswer(generation)))
            // Where memory can't be cut, the second prompt finds out where prompts part.
            let isShared = number > 2 || number == 2 && kind.cutsSequences
            #expect(answer.usage.cached == (isShared ? Self.shared.count : 0))
        }
        await engine.stop()
    }

    @Test("the next turn of a conversation goes on from the last", arguments: TinyModel.allCases)
    func nextTurn(kind: TinyModel) async throws {
        let engine = try kind.makeEngine(sequences: 2)
        var prompt = Self.prompt(1)
        var held = 0
        for turn: UInt64 in 0..<3 {
            let answer = try await LoadedModel.answer(.drawn(prompt), engine)
            #expect(answer.usage.cached == held)
            #expect(answer.tokens == (try await kind.freshAnswer(.drawn(prompt))))
            held = prompt.count + answer.tokens.count - 1
            prompt += answer.tokens + TinyModel.letters(40, seed: 200 + turn)
        }
        await engine.stop()
    }

    @Test("requests that come together share what they begin with", arguments: TinyModel.allCases)
    func together(kind: TinyModel) async throws {
        let generations = (1...6).map { Generation.drawn(Self.prompt($0)) }
        var expected: [[Token]] = []
        for generation in generations { expected.append(try await kind.freshAnswer(generation)) }
        let engine = try kind.makeEngine(sequences: 4)
        var cached: [Int] = []
        let streams = try await engine.submit(generations.map(Work.generation))
        for (stream, tokens) in zip(streams, expected) {
            let answer = try await LoadedModel.answer(stream)
            #expect(answer.tokens == tokens)
            cached.append(answer.usage.cached)
        }
        #expect(cached.sorted() == [0] + Array(repeating: Self.shared.count, count: 5))
        await engine.stop()
    }

    @Test("answers to one prompt share it", arguments: TinyModel.allCases)
    func severalAnswers(kind: TinyModel) async throws {
        let generation = Generation.drawn(Self.prompt(1))
        let expected = try await kind.freshAnswer(generation)
        let engine = try kind.makeEngine(sequences: 4)
        let streams = try await engine.submit(Array(repeating: .generation(generation), count: 4))
        var cached: [Int] = []
        for stream in streams {
            let answer = try await LoadedModel.answer(stream)
            #expect(answer.tokens == expected)
            cached.append(answer.usage.cached)
        }
        #expect(cached.sorted() == [0] + Array(repeating: generation.prompt.count - 1, count: 3))
        await engine.stop()
    }

    @Test("a random crowd gets the answers of a fresh start, each", arguments: TinyModel.allCases)
    func crowd(kind: TinyModel) async throws {
        var random = SplitMix64(seed: 5)
        // Prompts of a tree: each begins like an earlier one up to some place.
        var prompts = [TinyModel.letters(180, seed: 50)]
        for number: UInt64 in 1..<24 {
            let parent = prompts[Int.random(in: prompts.indices, using: &random)]
            let kept = parent.prefix(Int.random(in: 0...parent.count, using: &random))
            prompts.append(kept + TinyModel.letters(Int.random(in: 1...60, using: &random), seed: 50 + number))
        }
        let generations = prompts.map { Generation.drawn(Array($0.prefix(400)), maxTokens: 12) }
        var expected: [[Token]] = []
        for generation in generations { expected.append(try await kind.freshAnswer(generation)) }
        let engine = try kind.makeEngine(sequences: 3)
        for first in stride(from: 0, to: generations.count, by: 6) {
            let group = first..<min(first + 6, generations.count)
            let streams = try await engine.submit(generations[group].map(Work.generation))
            for (stream, index) in zip(streams, group) {
                #expect(try await LoadedModel.answer(stream).tokens == expected[index])
            }
        }
        await engine.stop()
    }

    @Test("batch work that gave way goes on as if nothing had been", arguments: TinyModel.allCases)
    func setBack(kind: TinyModel) async throws {
        let long = Generation.drawn(Self.prompt(1), maxTokens: 300)
        let short = Generation.drawn(Self.prompt(2), maxTokens: 12)
        let expected = try await kind.freshAnswer(long)
        let engine = try kind.makeEngine()
        let stream = try await engine.submit([.generation(long)], priority: .batch)[0]
        let events = stream.events.makeAsyncIterator()
        var tokens: [Token] = []
        while tokens.isEmpty, let event = await events.next() {
            if case .token(let token, _) = event { tokens.append(token) }
        }
        // Its reader does not read on: it can't come to its end before the others.
        for _ in 0..<3 { #expect(try await LoadedModel.answer(short, engine).tokens == kind.freshAnswer(short)) }
        #expect(await engine.setBacks > 0)
        while let event = await events.next() {
            if case .token(let token, _) = event { tokens.append(token) }
        }
        #expect(tokens == expected)
        await engine.stop()
    }

    @Test("requests that do not fit into the cache together answer as alone", arguments: TinyModel.withCells)
    func cacheRunsOut(kind: TinyModel) async throws {
        let generations = (1...3).map { Generation.drawn(TinyModel.letters(130, seed: 300 + $0), maxTokens: 200) }
        var expected: [[Token]] = []
        for generation in generations { expected.append(try await kind.freshAnswer(generation)) }
        let engine = try kind.makeEngine(sequences: 3, cacheTokens: 512)
        let streams = try await engine.submit(generations.map(Work.generation))
        for (stream, tokens) in zip(streams, expected) {
            #expect(try await LoadedModel.answer(stream).tokens == tokens)
        }
        #expect(await engine.setBacks > 0)
        await engine.stop()
    }

    @Test("a client that leaves in the middle of its prompt leaves the model as it was", arguments: TinyModel.allCases)
    func left(kind: TinyModel) async throws {
        let generation = Generation.drawn(Self.prompt(1))
        let expected = try await kind.freshAnswer(generation, contextLength: 4096)
        let engine = try kind.makeEngine(contextLength: 4096, sequences: 2)
        _ = try await LoadedModel.answer(generation, engine)
        for number: UInt64 in 0..<6 {
            // Dropped at once: its steps are cut off, or never begin.
            _ = try await engine.submit([.generation(.drawn(TinyModel.letters(3500, seed: 400 + number)))])
            #expect(try await LoadedModel.answer(generation, engine).tokens == expected)
        }
        #expect(await engine.counts.running == 0)
        await engine.stop()
    }
}
