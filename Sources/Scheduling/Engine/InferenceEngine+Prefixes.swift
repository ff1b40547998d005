// What memory holds of earlier prompts, out to who keeps it longer, and in again.

extension InferenceEngine {
    /// What is in memory and worth keeping, the most recently used first.
    package var cachedPrefixes: [CachedPrefix] { scheduler.cachedPrefixes.map(\.prefix) }

    /// The state of such a prefix as bytes: nil where memory does not hold it any more, or the backend can't give it.
    ///
    /// Between two steps; takes as long as copying it does.
    package func content(of prefix: CachedPrefix) -> [UInt8]? {
        // Memory is as the scheduler sees it once all operations are done.
        for _ in 0..<limits.maxSequences * 2 {
            guard let plan = scheduler.planOperations() else { break }
            let outcome = backend.run(plan)
            tell(scheduler.commit(plan, outcome, duration: .zero))
        }
        guard !scheduler.hasOperations, let holder = scheduler.holder(of: prefix) else { return nil }
        return switch holder {
        case .sequence(let id): try? backend.content(of: id)
        case .state(let id): try? backend.content(of: id)
        }
    }

    /// Whether memory holds so much less of a prompt than lies elsewhere that it is worth bringing in.
    package func isWorthBringing(_ count: Int, for prompt: [PromptItem], owner: Owner) -> Bool {
        scheduler.isWorthBringing(count, for: prompt, owner: owner)
    }

    /// Takes in a state whose bytes `content` gave, of this engine or of an earlier one that was like it.
    ///
    /// - Returns: Whether there was room for it; it is kept for as long as other states are.
    @discardableResult
    package func adopt(_ prefix: CachedPrefix, _ content: [UInt8]) -> Bool {
        guard !isClosed, let id = scheduler.adopt(prefix, bytes: content.count) else { return false }
        backend.keep(content, as: id)
        return true
    }

    /// Admits work as `submit` does, unless memory lacks what lies elsewhere.
    ///
    /// - Parameters:
    ///   - works: What to admit.
    ///   - owner: On whose behalf.
    ///   - priority: How urgent it is.
    ///   - stored: For each work, how many tokens of its prompt lie elsewhere.
    /// - Returns: Nil where it is worth bringing something in first; nothing was admitted then.
    /// - Throws: Why none was admitted.
    package func submit(
        _ works: [Work],
        owner: Owner = .anyone,
        priority: Priority = .interactive,
        unlessStored stored: [Int]
    ) throws(SchedulingError) -> [RequestStream]? {
        for (work, count) in zip(works, stored) where count > 0 {
            guard case .generation(let generation) = work else { continue }
            if scheduler.isWorthBringing(count, for: generation.prompt, owner: owner) { return nil }
        }
        return try submit(works, owner: owner, priority: priority)
    }

    /// Returns once all requests have ended and there were steps since so many, with the number of steps; nil where the
    /// engine takes no more requests.
    package func idle(after steps: UInt64) async -> UInt64? {
        while !isClosed {
            if !scheduler.hasRequests, self.steps > steps { return self.steps }
            await withCheckedContinuation { idleWaiters.append($0) }
        }
        return nil
    }

    /// Whether all requests have ended and there was no step since so many.
    package func isIdle(at steps: UInt64) -> Bool { !scheduler.hasRequests && self.steps == steps }
}
