import Foundation
import KVStore
import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing

@testable import InferenceServer

/// A store beneath an engine whose backend checks what it is given.
@Suite("Stored prefixes")
struct StoredPrefixTests {
    private let record = PlanRecord()
    private let temporary = TemporaryFolder()
    private var folder: String { temporary.path }
    private let prompt = (1...80).map(TokenID.init)
    private static let keys = ["one", "two"]

    private var policy: SchedulingPolicy {
        var policy = SchedulingPolicy()
        policy.stateBytes = 1 << 16
        return policy
    }

    /// An engine and its store; nobody is ever idle for long unless `quiet` says so.
    private func withServer<Result>(
        keys: [String] = keys,
        fingerprint: String = "a model",
        sizeLimit: UInt64 = 1 << 20,
        quiet: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(3600)) },
        _ body: (StoredPrefixes, InferenceEngine, KVStore) async throws -> Result
    ) async throws -> Result {
        var limits = BackendLimits(maxSequences: 4, contextLength: 256, maxStepTokens: 64)
        limits.stateBytesPerToken = 4
        let store = try await open(sizeLimit)
        let engine = InferenceEngine(
            name: "store-test",
            backend: CheckingBackend(limits: limits, record: record),
            policy: policy,
            channelCapacity: 512
        )
        let stored = StoredPrefixes(
            store,
            engine: engine,
            policy: policy,
            fingerprint: StateFingerprint(digest: Digest(of: fingerprint)),
            keys: keys,
            quiet: quiet
        )
        await stored.start()
        let result = try await body(stored, engine, store)
        // On a busy machine ten seconds may pass before this test is heard.
        await stored.finish(within: .seconds(3600))
        await engine.stop()
        #expect(record.failures == [])
        return result
    }

    /// Takes the folder, once the threads of the server before have let go of it.
    private func open(_ sizeLimit: UInt64) async throws -> KVStore {
        while true {
            let result = Result { try KVStore(folder, sizeLimit: sizeLimit) }
            guard case .failure(let error as KVStoreError) = result, error.code == .inUse else {
                return try result.get()
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func generation(_ prompt: [TokenID]) -> Generation {
        var sampling = Sampling()
        sampling.ignoresEnd = true
        return Generation(prompt: prompt.map(PromptItem.token), sampling: sampling, maxTokens: 10)
    }

    private func ask(_ stored: StoredPrefixes, _ prompt: [TokenID], owner: Int = 0) async throws -> (
        tokens: [TokenID], cached: Int
    ) {
        let streams = try await stored.submit([.generation(generation(prompt))], owner: Owner(rawValue: owner))
        return await read(streams[0])
    }

    private func read(_ stream: RequestStream) async -> (tokens: [TokenID], cached: Int) {
        var tokens: [TokenID] = []
        for await event in stream.events {
            switch event {
            case .token(let token, _): tokens.append(token)
            case .finished(_, let usage): return (tokens, usage.cached)
            default: break
            }
        }
        return (tokens, -1)
    }

    @Test("what was computed is there after a restart, for the same key, wherever it stands among the keys")
    func restart() async throws {
        let first = try await withServer { stored, _, _ in try await ask(stored, prompt) }
        #expect(first.cached == 0)
        try await withServer(keys: ["two", "one"]) { stored, _, _ in
            let answer = try await ask(stored, prompt, owner: 0)
            #expect(answer.cached == 0)
            let again = try await ask(stored, prompt, owner: 1)
            #expect(again.cached == prompt.count - 1)
            #expect(again.tokens == first.tokens)
        }
        try await withServer(keys: []) { stored, _, _ in
            let answer = try await ask(stored, prompt, owner: -1)
            #expect(answer.cached == 0)
        }
        try await withServer(fingerprint: "another model") { stored, _, _ in
            let answer = try await ask(stored, prompt)
            #expect(answer.cached == 0)
            #expect(stored.count == 0)
        }
    }

    @Test("many that begin alike read one file once, and all go on from it")
    func many() async throws {
        _ = try await withServer { stored, _, _ in try await ask(stored, prompt) }
        try await withServer { stored, _, _ in
            let cached = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<12 {
                    group.addTask { try await ask(stored, prompt + [TokenID(500 + number)]).cached }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(cached == Array(repeating: prompt.count, count: 12))
        }
    }

    @Test("what is idle is written without a stop, and only what is new")
    func idle() async throws {
        let (rounds, round) = AsyncStream.makeStream(of: Void.self)
        let quiet: @Sendable () async throws -> Void = { for await _ in rounds { return } }
        try await withServer(quiet: quiet) { stored, engine, store in
            _ = try await ask(stored, prompt)
            #expect(stored.count == 0)
            round.yield()
            while stored.count == 0 { try await Task.sleep(for: .milliseconds(2)) }
            let longer = try await ask(stored, prompt + (200...240))
            round.yield()
            while store.name(where: { $0.tokens.count > 100 }) == nil {
                try await Task.sleep(for: .milliseconds(2))
            }
            // In place of what it begins with? They part after the prompt: both are kept.
            #expect(longer.cached > 0)
            #expect(await engine.counts == Scheduler.Counts())
            round.finish()
        }
    }

    @Test("the next turn of a conversation takes the file's place")
    func turns() async throws {
        let first = try await withServer { stored, _, _ in try await ask(stored, prompt) }
        let next = prompt + first.tokens + [900, 901]
        try await withServer { stored, _, _ in
            let answer = try await ask(stored, next)
            #expect(answer.cached == prompt.count + first.tokens.count - 1)
            #expect(stored.count == 1)
        }
        try await withServer { stored, _, store in
            #expect(stored.count == 1)
            #expect(store.name { $0.tokens.starts(with: next) } != nil)
        }
    }

    @Test("a file that was damaged meanwhile costs time alone")
    func damaged() async throws {
        let first = try await withServer { stored, _, _ in try await ask(stored, prompt) }
        try await withServer { stored, _, store in
            let name = try #require(store.name { _ in true })
            let url = URL(filePath: "\(folder)/\(name)")
            var content = try Data(contentsOf: url)
            content[content.count - 20] ^= 1
            try content.write(to: url)
            let again = try await ask(stored, prompt)
            #expect(again.cached == 0)
            #expect(again.tokens == first.tokens)
            #expect(stored.count == 0)
        }
    }

    @Test("the newest prefixes are kept where there is no room for all")
    func newest() async throws {
        let limit: UInt64 = 2000  // of about 800 bytes each
        try await withServer(sizeLimit: limit) { stored, _, _ in
            for start in [100, 300, 500, 700] {
                _ = try await ask(stored, (start..<start + 80).map(TokenID.init))
            }
        }
        try await withServer(sizeLimit: limit) { stored, _, store in
            #expect(stored.count == 2)
            #expect(store.name { $0.tokens[0] == 700 } != nil)
            #expect(store.name { $0.tokens[0] == 500 } != nil)
        }
    }
}
