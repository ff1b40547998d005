import Foundation
import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing
import Tokenizer

/// A second model that guesses ahead, with the real thing underneath; time is made up, so that drafting pays always.
@Suite("Draft models", .serialized)
struct DraftModelTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().path + "/Models"

    private static func path(_ name: String) -> String { "\(folder)/tiny-\(name).gguf" }

    private static func options(sequences: Int) -> LlamaBackend.Options {
        var options = LlamaBackend.Options(contextLength: 512, sequences: sequences, threads: 1)
        (options.keyType, options.valueType, options.flashAttention) = (.f32, .f32, .off)
        return options
    }

    /// The tiny model with another one, or itself, to draft for it.
    private static func makeBackend(
        draft name: String?,
        sequences: Int = 1,
        abort: AbortFlag = AbortFlag()
    ) throws -> LlamaBackend {
        let main = try TinyModel.gemma2.model
        let options = options(sequences: sequences)
        let draft = try name.map { DraftModel(model: try LlamaModel(path: path($0)), options: options) }
        return try LlamaBackend(model: main, options: options, draft: draft, abort: abort)
    }

    private struct Result {
        var answers: [RequestID: [TokenID]] = [:]
        var counts = DraftCounts()
        var tokenSteps = 0
        var violations: [String] = []
    }

    /// Runs all generations to their ends.
    private static func run(_ generations: [Generation], on backend: LlamaBackend, maxDrafts: Int = 6) throws -> Result
    {
        var policy = SchedulingPolicy()
        policy.maxDrafts = maxDrafts
        var costs = StepCosts()
        var draftCosts = StepCosts()
        for count in 1...4 {
            costs.note(StepLoad(decoding: count), seconds: 0.01)
            draftCosts.note(StepLoad(decoding: count), seconds: 0.0001)
        }
        costs.note(StepLoad(decoding: 1, drafts: 1), seconds: 0.0101)
        draftCosts.note(StepLoad(decoding: 0, promptTokens: 1), seconds: 0.00001)
        var scheduler = Scheduler(limits: backend.limits, policy: policy, costs: costs, draftCosts: draftCosts)
        for (number, generation) in generations.enumerated() {
            let id = RequestID(rawValue: UInt64(number + 1))
            try scheduler.admit([Request(id: id, work: .generation(generation))])
        }
        var result = Result()
        while let plan = scheduler.plan() {
            var seconds = 0.01
            if case .draft(let slices) = plan.step {
                seconds = 0.0001 * Double(slices.map(\.guesses).max() ?? 0)
            } else {
                result.tokenSteps += 1
            }
            for (id, event) in scheduler.commit(plan, backend.run(plan), duration: .seconds(seconds)) {
                switch event {
                case .token(let token, _): result.answers[id, default: []].append(token)
                case .failed(let error): throw error
                case .progress, .started, .scored, .end, .embedding, .finished: break
                }
            }
        }
        result.counts = scheduler.draftCounts
        result.violations = scheduler.violations
        return result
    }

    private static let generations = (0..<4).map { number in
        var sampling = Sampling()
        sampling.temperature = 0
        sampling.ignoresEnd = true
        return Generation(
            prompt: TinyModel.letters(60, seed: UInt64(40 + number)).map(PromptItem.token),
            sampling: sampling,
            maxTokens: 60
        )
    }

    @Test("a model that drafts for itself is right, for one stream and for four", arguments: [1, 4])
    func itself(streams: Int) throws {
        let generations = Array(Self.generations.prefix(streams))
        let plain = try Self.run(generations, on: Self.makeBackend(draft: nil, sequences: streams))
        let drafted = try Self.run(generations, on: Self.makeBackend(draft: "gemma2", sequences: streams))
        #expect(drafted.answers == plain.answers)
        #expect(drafted.violations == [])
        let (made, right) = (drafted.counts.drafted[.model] ?? 0, drafted.counts.accepted[.model] ?? 0)
        #expect(made > 40)
        #expect(Double(right) > 0.9 * Double(made))
        #expect(drafted.tokenSteps < plain.tokenSteps / 2)
    }

    @Test("guesses of a model that knows nothing change nothing", arguments: [1, 4])
    func stranger(streams: Int) throws {
        let generations = Array(Self.generations.prefix(streams))
        let plain = try Self.run(generations, on: Self.makeBackend(draft: nil, sequences: streams))
        let drafted = try Self.run(generations, on: Self.makeBackend(draft: "llama", sequences: streams))
        #expect(drafted.answers == plain.answers)
        let (made, right) = (drafted.counts.drafted[.model] ?? 0, drafted.counts.accepted[.model] ?? 0)
        #expect(made > 0)
        #expect(right < made)
    }

    @Test("drawn answers are the same with a draft model, for the same seed")
    func drawn() throws {
        let generation = Generation.drawn(TinyModel.letters(60, seed: 9), maxTokens: 40)
        let plain = try Self.run([generation], on: Self.makeBackend(draft: nil))
        let drafted = try Self.run([generation], on: Self.makeBackend(draft: "gemma2"))
        #expect(drafted.answers == plain.answers)
        #expect((drafted.counts.drafted[.model] ?? 0) > 0)
    }

    @Test("a draft step that native code refuses fails, and the main model's memory is as it was")
    func refused() throws {
        let backend = try Self.makeBackend(draft: "llama")
        func draft(_ token: TokenID, at position: Int) -> StepOutcome {
            let slice = DraftSlice(
                request: RequestID(rawValue: 1),
                sequence: SequenceID(rawValue: 0),
                position: position,
                tokens: [token],
                guesses: 2
            )
            return backend.run(BatchPlan(step: .draft([slice])))
        }
        guard case .drafted(let guesses) = draft(260, at: 0) else {
            Issue.record("no guesses")
            return
        }
        #expect(guesses.map(\.count) == [2])
        for (token, position) in [(99_999, 0), (260, 100_000)] as [(TokenID, Int)] {
            guard case .failed = draft(token, at: position) else {
                Issue.record("not refused")
                return
            }
        }
        let plain = try Self.run(Array(Self.generations.prefix(1)), on: Self.makeBackend(draft: nil))
        #expect(try Self.run(Array(Self.generations.prefix(1)), on: backend).answers == plain.answers)
        guard case .failed = try Self.makeBackend(draft: nil).run(BatchPlan(step: .draft([]))) else {
            Issue.record("guesses without a draft model")
            return
        }
    }

    @Test("a raised flag cuts a draft step off")
    func aborted() throws {
        let abort = AbortFlag()
        let backend = try Self.makeBackend(draft: "llama", abort: abort)
        let slice = DraftSlice(
            request: RequestID(rawValue: 1),
            sequence: SequenceID(rawValue: 0),
            position: 0,
            tokens: [260, 261],
            guesses: 2
        )
        abort.raise()
        guard case .aborted = backend.run(BatchPlan(step: .draft([slice]))) else {
            Issue.record("not cut off")
            return
        }
    }

    // MARK: plans

    private static func plan(_ path: String, draft: String, host: UInt64 = 1 << 40) throws -> LoadPlan {
        LlamaRuntime.start()
        return try LoadPlan(
            path: path,
            options: options(sequences: 2),
            contextLength: 512,
            placement: .layers(0),
            draft: DraftFile(path: draft, options: options(sequences: 2)),
            budget: MemoryBudget(host: host)
        )
    }

    @Test("the plan counts the draft model's weights, KV cache and buffers")
    func memory() throws {
        let plan = try Self.plan(Self.path("gemma2"), draft: Self.path("llama"))
        let taken = try Self.makeBackend(draft: "llama", sequences: 2).memory().host
        let alone = try Self.makeBackend(draft: nil, sequences: 2).memory().host
        #expect(plan.memory.host.cache == taken.cache)
        #expect(plan.memory.host.compute == taken.compute)
        #expect(taken.cache > alone.cache && taken.compute > alone.compute && taken.weights > alone.weights)
        #expect(plan.draft?.options.contextLength == 512)
        #expect(plan.draft?.options.sequences == 2)
        let tooSmall = #expect(throws: LoadPlanError.self) {
            try Self.plan(Self.path("gemma2"), draft: Self.path("llama"), host: plan.memory.host.total - 1)
        }
        #expect(tooSmall?.description.contains("--memory-budget") == true)
    }

    @Test("what can't draft is refused by name")
    func unusable() throws {
        let (main, draft) = (Self.path("gemma2"), Self.path("mamba"))
        let recurrent = #expect(throws: LoadPlanError.self) { try Self.plan(main, draft: draft) }
        #expect(recurrent?.description.contains("\(draft) can't be used") == true)
        let useless = #expect(throws: LoadPlanError.self) { try Self.plan(draft, draft: main) }
        #expect(useless?.description.contains("no draft model can help \(draft)") == true)
        let other = #expect(throws: LoadPlanError.self) { try Self.plan(InstalledModels.chat, draft: main) }
        #expect(other?.description.contains("another vocabulary than \(InstalledModels.chat)") == true)
        #expect(other?.description.contains(main) == true)
        #expect(other?.description.contains("the number of tokens is 49152 in A and 312 in B") == true)
    }

    @Test("a single token that differs is found")
    func token() throws {
        var bytes = try Data(contentsOf: URL(filePath: Self.path("llama")))
        let range = try #require(bytes.range(of: Data("<unk>".utf8)))
        bytes.replaceSubrange(range, with: Data("<unx>".utf8))
        let path = FileManager.default.temporaryDirectory.appending(path: "other-\(UUID()).gguf").path
        try bytes.write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let error = #expect(throws: LoadPlanError.self) { try Self.plan(Self.path("gemma2"), draft: path) }
        #expect(error?.description.contains("token 0 is '<unk>' in A and '<unx>' in B") == true)
        #expect(error?.description.contains(path) == true)
    }
}
