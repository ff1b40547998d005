import Foundation
import KVStore
import Llama
import RuntimeSupport
import Scheduling
import Tuning

/// What one loaded model has in the store, and keeps there: prefixes that outlive the process.
///
/// Nothing here is on the engine's thread but copies of states in memory; files are read before a request is submitted, and
/// written while nobody is served.
actor StoredPrefixes {
    private let store: KVStore
    private let engine: InferenceEngine
    private let policy: SchedulingPolicy
    private let fingerprint: Digest
    /// What each owner's entries are marked with.
    private let owners: [Owner: Digest]
    private let quiet: @Sendable () async throws -> Void
    /// The last of the reads; each begins when the one before has ended, so that memory holds one file at most.
    private var lastRead: Task<Void, Never>?
    private var saving: Task<Void, Never>?

    /// How long nobody has been served when states are written.
    static let quietTime = Duration.seconds(5)
    /// How long writing may take when the model is unloaded; what was not written by then is lost.
    static let patience = Duration.seconds(10)

    /// - Parameters:
    ///   - store: Where the files are.
    ///   - engine: Whose memory it is.
    ///   - policy: The engine's.
    ///   - fingerprint: Of the model and of the form of its states.
    ///   - keys: The server's API keys, by the numbers of their owners.
    ///   - quiet: Returns when nobody was served for long enough.
    init(
        _ store: KVStore,
        engine: InferenceEngine,
        policy: SchedulingPolicy,
        fingerprint: StateFingerprint,
        keys: [String],
        quiet: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: quietTime) }
    ) {
        self.store = store
        self.engine = engine
        self.policy = policy
        self.fingerprint = fingerprint.digest
        self.quiet = quiet
        var owners = [Owner.anyone: store.owner(ofKey: nil)]
        for (index, key) in keys.enumerated() { owners[Owner(rawValue: index)] = store.owner(ofKey: key) }
        self.owners = owners
    }

    /// How many states it could use.
    nonisolated var count: Int { store.count(fingerprint) }

    /// Begins to write, whenever nobody has been served for a while.
    func start() {
        guard saving == nil else { return }
        saving = Task { await saveWhileIdle() }
    }

    /// Ends that, and writes what is not written yet.
    ///
    /// - Parameter patience: How long that may take.
    func finish(within patience: Duration = patience) async {
        saving?.cancel()
        // It may be waiting for the engine to have nothing to do.
        await engine.close()
        await saving?.value
        let end = ContinuousClock.now + patience
        await save { ContinuousClock.now < end }
    }

    // MARK: in

    /// Submits work; first what its prompts begin with is brought into memory, where a file has more of it.
    ///
    /// - Throws: Why none was admitted.
    func submit(_ works: [Work], owner: Owner, priority: Scheduling.Priority = .interactive)
        async throws(SchedulingError) -> [RequestStream]
    {
        let matches = works.map { match($0, owner) }
        guard matches.contains(where: { $0 != nil }) else {
            return try await engine.submit(works, owner: owner, priority: priority)
        }
        // Most often memory has it all, and then this is all that it costs.
        let counts = matches.map { $0?.count ?? 0 }
        let streams = try await engine.submit(works, owner: owner, priority: priority, unlessStored: counts)
        if let streams { return streams }
        for (work, match) in zip(works, matches) {
            guard case .generation(let generation) = work, let match else { continue }
            await bring(match, for: generation.prompt, owner)
        }
        return try await engine.submit(works, owner: owner, priority: priority)
    }

    private nonisolated func match(_ work: Work, _ owner: Owner) -> KVStore.Match? {
        guard case .generation(let generation) = work, let tag = owners[owner] else { return nil }
        let shortest = Scheduler.shortestStored(policy, engine.limits)
        let match = store.best(fingerprint, owner: tag, mostBytes: policy.stateBytes) { stored in
            Scheduler.usableCount(
                of: CachedPrefix(owner: owner, tokens: stored.tokens, fixedCount: stored.fixedCount),
                for: generation.prompt,
                limits: engine.limits,
                fixedChunk: policy.fixedChunk
            )
        }
        // All of a file is read; a token of it takes less than a tenth of computing one.
        return match.flatMap { $0.count >= max(shortest, $0.prefix.tokens.count / 10) ? $0 : nil }
    }

    /// Reads a file, unless somebody has brought it in meanwhile.
    private func bring(_ match: KVStore.Match, for prompt: [PromptItem], _ owner: Owner) async {
        let before = lastRead
        let read = Task { [store, engine] in
            await before?.value
            guard !Task.isCancelled, await engine.isWorthBringing(match.count, for: prompt, owner: owner),
                let state = try? await onThread("kv-read", { store.read(match) })
            else { return }
            let prefix = CachedPrefix(
                owner: owner,
                tokens: match.prefix.tokens,
                fixedCount: match.prefix.fixedCount
            )
            await engine.adopt(prefix, state)
        }
        lastRead = read
        await withTaskCancellationHandler {
            await read.value
        } onCancel: {
            read.cancel()
        }
    }

    // MARK: out

    private func saveWhileIdle() async {
        var seen: UInt64 = 0
        while !Task.isCancelled, let steps = await engine.idle(after: seen) {
            do { try await quiet() } catch { return }
            guard await engine.isIdle(at: steps) else { continue }
            seen = steps
            let engine = engine
            await save {
                if Task.isCancelled { return false }
                return await engine.isIdle(at: steps)
            }
        }
    }

    /// Writes what memory holds and no file, the most recently used first, one at a time, for as long as it may go on.
    private func save(while mayGoOn: () async -> Bool) async {
        let cuts = engine.limits.cutsStates
        // What is used more recently does not make room for what follows.
        var recent: Set<String> = []
        for prefix in await engine.cachedPrefixes {
            guard let tag = owners[prefix.owner] else { continue }
            guard await mayGoOn() else { return }
            let fingerprint = fingerprint
            // Whether it is of no use beside another; owners are compared by their marks.
            @Sendable func isCovered(_ inner: StoredPrefix, by outer: StoredPrefix) -> Bool {
                func plain(_ stored: StoredPrefix) -> CachedPrefix {
                    CachedPrefix(owner: .anyone, tokens: stored.tokens, fixedCount: stored.fixedCount)
                }
                return inner.owner == outer.owner && inner.fingerprint == outer.fingerprint
                    && plain(inner).isCovered(by: plain(outer), cuts: cuts)
            }
            let stored = StoredPrefix(
                fingerprint: fingerprint,
                owner: tag,
                tokens: prefix.tokens,
                fixedCount: prefix.fixedCount
            )
            if let name = store.name(where: { isCovered(stored, by: $0) }) {
                recent.insert(name)
                continue
            }
            guard let content = await engine.content(of: prefix) else { continue }
            let name = try? await onThread("kv-write") { [store, recent] in
                store.write(stored, content, sparing: recent) { isCovered($0, by: stored) }
            }
            // No room for this one: none for what is older, either.
            guard let name else { return }
            recent.insert(name)
        }
    }
}

/// All that must be alike for a state to be used again.
struct StateFingerprint {
    let digest: Digest
}

extension StateFingerprint {
    /// Of a model as it is loaded.
    ///
    /// Neither the length of the context nor where layers are computed is in it: they do not change the form of a state.
    /// Where answers are to be the same to the last bit, what changes last bits is.
    init(_ plan: LoadPlan, policy: SchedulingPolicy, usesBLAS: Bool) {
        let modified = (try? FileManager.default.attributesOfItem(atPath: plan.path)[.modificationDate]) as? Date
        let file = FileIdentity.of(plan.path)
        let options = plan.options
        var fields = [
            "llama.cpp \(LlamaRuntime.llamaVersion)", "ggml \(LlamaRuntime.ggmlVersion)",
            "file \(file?.size ?? 0) \(file?.samples ?? "") \(modified?.timeIntervalSince1970 ?? 0)",
            "keys \(options.keyType.rawValue)", "values \(options.valueType.rawValue)",
            "flash attention \(options.flashAttention.rawValue)", "unified \(options.isUnified)",
            "little-endian \(1.littleEndian == 1)",
        ]
        if let chunk = policy.fixedChunk {
            fields += [
                "chunk \(chunk)", "threads \(options.threads) \(options.batchThreads ?? options.threads)",
                "BLAS \(usesBLAS)", "GPU \(plan.gpuLayers)", LlamaRuntime.systemInfo,
            ]
        }
        digest = Digest(of: fields.joined(separator: "\n"))
    }
}
