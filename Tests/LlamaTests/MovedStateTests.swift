import Llama
import Scheduling
import Testing
import Tokenizer

/// States that leave one context as bytes and go on in another, as they do across a restart.
@Suite("Moved states", .serialized)
struct MovedStateTests {
    private static let text = String(
        repeating: "The harbour was quiet that morning, and the boats lay still upon the water. ",
        count: 8
    )

    private var policy: SchedulingPolicy {
        var policy = SchedulingPolicy()
        policy.stateBytes = 64 << 20
        return policy
    }

    @Test("a later engine goes on from an earlier one's memory and answers alike", arguments: [nil, 1024])
    func moved(cacheTokens: Int?) async throws {
        let prompt = try LoadedModel.tokens(Self.text)
        let first = try LoadedModel.makeEngine(sequences: 2, policy: policy, cacheTokens: cacheTokens)
        let answer = try await LoadedModel.answer(.greedy(prompt, maxTokens: 20), first)
        let prefix = try #require(await first.cachedPrefixes.first)
        let content = try #require(await first.content(of: prefix))
        #expect(content.count <= prefix.tokens.count * first.limits.stateBytesPerToken + 1 << 16)
        // Reading it out has changed nothing.
        let unchanged = try await LoadedModel.answer(.greedy(prompt, maxTokens: 20), first)
        #expect(unchanged.usage.cached == prompt.count - 1)
        await first.stop()

        // Of another length, which is no part of a state's form.
        let second = try LoadedModel.makeEngine(
            contextLength: 768,
            sequences: 2,
            policy: policy,
            cacheTokens: cacheTokens
        )
        #expect(await second.adopt(prefix, content))
        let again = try await LoadedModel.answer(.greedy(prompt, maxTokens: 20), second)
        #expect(again.usage.cached == prompt.count - 1)
        #expect(again.tokens == unchanged.tokens)
        #expect(again.tokens.prefix(6) == answer.tokens.prefix(6))
        await second.stop()
    }

    @Test("a state that was saved out of the cache leaves as what it was")
    func savedState() async throws {
        let prompt = try LoadedModel.tokens(Self.text)
        let engine = try LoadedModel.makeEngine(policy: policy)
        _ = try await LoadedModel.answer(.greedy(prompt, maxTokens: 4), engine)
        let prefix = try #require(await engine.cachedPrefixes.first)
        let content = await engine.content(of: prefix)
        // Its sequence is another's now.
        _ = try await LoadedModel.answer(.greedy(try LoadedModel.tokens("Something else"), maxTokens: 4), engine)
        #expect(await engine.content(of: prefix) == content)
        #expect(content != nil)
        await engine.stop()
    }

    @Test("bytes that are no state cost the computed prompt, and nobody's answer")
    func rubbish() async throws {
        let prompt = try LoadedModel.tokens(Self.text)
        let engine = try LoadedModel.makeEngine(policy: policy)
        let expected = try await LoadedModel.answer(.greedy(prompt, maxTokens: 8), engine)
        let prefix = try #require(await engine.cachedPrefixes.first)
        let content = try #require(await engine.content(of: prefix))
        await engine.stop()
        for bytes in [[1, 2, 3], Array(content.prefix(content.count / 2)), Array(repeating: 0xFF, count: 4096)] {
            let other = try LoadedModel.makeEngine(policy: policy)
            #expect(await other.adopt(prefix, bytes))
            let answer = try await LoadedModel.answer(.greedy(prompt, maxTokens: 8), other)
            #expect(answer.usage.cached == 0)
            #expect(answer.tokens.prefix(6) == expected.tokens.prefix(6))
            await other.stop()
        }
    }
}
