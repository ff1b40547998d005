// From the running requests to the next step.

extension Scheduler {
    /// The next step, or nil while there is nothing that could be done.
    ///
    /// Each plan is to be carried out, whole and before the next one is made, and its outcome given to `commit`.
    ///
    /// - Parameter sharesCores: Whether other engines have something to do, whose streams wait for the step.
    /// - Returns: What to do next.
    package mutating func plan(sharesCores: Bool = false) -> BatchPlan? {
        tick += 1
        pacing.sharesCores = sharesCores
        // In time batch work has to make way.
        if !waiting.isEmpty, running.contains(where: { $0.priority == .batch }) { mayStart = true }
        startWaiting()
        guard let step = nextStep() else { return nil }
        // It touches no sequence: what is to be done to them waits for a step that does, which deferred copies need.
        if case .encode = step { return BatchPlan(step: step) }
        defer { pendingOperations = [] }
        return BatchPlan(operations: pendingOperations, step: step)
    }

    /// The kinds of step take turns, so that none can hold up the others.
    private mutating func nextStep() -> Step? {
        let kinds = StepKind.allCases
        let first = lastKind.flatMap(kinds.firstIndex).map { $0 + 1 } ?? 0
        for offset in kinds.indices {
            let kind = kinds[(first + offset) % kinds.count]
            guard let step = step(of: kind) else { continue }
            lastKind = kind
            return step
        }
        return nil
    }

    private mutating func step(of kind: StepKind) -> Step? {
        switch kind {
        case .tokens: policy.fixedChunk.map { fixedStep($0) } ?? tokenStep()
        case .media: mediaStep()
        case .embeddings: embeddingStep()
        }
    }

    /// Every decoding sequence's next token, with guesses of those that follow, then chunks of prompts in what is left; the
    /// draft model's step before it, where that pays.
    private mutating func tokenStep() -> Step? {
        let streams = running.indices.filter { running[$0].isDecoding && !running[$0].isPaused }
        // Behind a step of the draft model the streams go on at once: both together keep to the gap.
        let isOwn = drafting.lastStep != nil && !streams.isEmpty
        let budget = min(limits.maxStepTokens - streams.count, pacing.promptTokens(decoding: streams.count))
        let chunks = isOwn ? [] : promptChunks(budget)
        guard !streams.isEmpty || !chunks.isEmpty else { return nil }
        if chunks.isEmpty, let step = draftStep(for: streams) { return step }
        let drafts = chunks.isEmpty ? drafts(for: streams) : [:]
        drafting.guesses = [:]
        drafting.lastStep = nil
        let slices = streams.map { index in
            slice(of: running[index], count: 1, drafts: drafts[index] ?? [])
        }
        return .tokens(slices + chunks)
    }

    /// Chunks of prompts: half of the budget for the oldest, so that it can't starve; the rest for the shortest first, so
    /// that a short question does not wait for somebody's long document, the owners in turn.
    ///
    /// Batch work gets an eighth of
    /// the budget, and what the others leave.
    private func promptChunks(_ budget: Int) -> [TokenSlice] {
        guard budget > 0 else { return [] }
        let prompts = running.filter { $0.remainingTokens > 0 && !$0.isDecoding && !$0.waitsForReader }
        guard !prompts.isEmpty else { return [] }
        let remaining = prompts.map(\.remainingTokens)
        var granted = Array(repeating: 0, count: prompts.count)
        var rest = budget
        var rows = policy.scoredTokens
        func grant(_ place: Int, atMost most: Int) {
            let untold = prompts[place].untold(after: granted[place])
            let tokens = min(remaining[place] - granted[place], most, rest, untold + rows)
            granted[place] += tokens
            rest -= tokens
            rows -= max(0, tokens - untold)
        }
        let interactive = prompts.indices.filter { prompts[$0].priority == .interactive }
        let batch = prompts.indices.filter { prompts[$0].priority == .batch }
        if let oldest = batch.first { grant(oldest, atMost: interactive.isEmpty ? (budget + 1) / 2 : (budget + 7) / 8) }
        if let oldest = interactive.first { grant(oldest, atMost: (budget + 1) / 2) }
        for place in inTurns(interactive, prompts, remaining) + inTurns(batch, prompts, remaining) {
            grant(place, atMost: rest)
        }
        return zip(prompts, granted).compactMap { request, count in
            count > 0 ? slice(of: request, count: count) : nil
        }
    }

    /// The shortest prompt of each owner first, then the second of each.
    private func inTurns(_ places: [Int], _ prompts: [RunningGeneration], _ remaining: [Int]) -> [Int] {
        var turns: [Owner: Int] = [:]
        let shortestFirst = places.sorted { (remaining[$0], $0) < (remaining[$1], $1) }
        let turn = shortestFirst.map { place in
            let owner = prompts[place].owner
            turns[owner, default: 0] += 1
            return turns[owner, default: 0]
        }
        return shortestFirst.indices.sorted { (turn[$0], $0) < (turn[$1], $1) }.map { shortestFirst[$0] }
    }

    /// One request's next token, or the next chunk of its prompt; chunks begin at multiples of their length, whatever was
    /// in memory already.
    ///
    /// The requests take turns.
    private mutating func fixedStep(_ chunk: Int) -> Step? {
        let ready = running.filter {
            $0.isDecoding ? !$0.isPaused : $0.remainingTokens > 0 && !$0.waitsForReader
        }.sorted {
            $0.id.rawValue < $1.id.rawValue
        }
        let last = lastServed?.rawValue ?? 0
        guard let request = ready.first(where: { $0.id.rawValue > last }) ?? ready.first else { return nil }
        lastServed = request.id
        let count = request.isDecoding ? 1 : min(request.remainingTokens, chunk - request.done % chunk)
        return .tokens([slice(of: request, count: min(count, limits.maxStepTokens))])
    }

    /// The next tokens of a request, and guesses of those after; sampling where they reach the end of its items.
    private func slice(of request: RunningGeneration, count: Int, drafts: [TokenID] = []) -> TokenSlice {
        let end = request.done + count
        return TokenSlice(
            request: request.id,
            sequence: request.sequence,
            tokens: request.items[request.done..<end].compactMap(\.token) + drafts,
            position: slots[slotIndex(request.sequence)].position,
            samples: end == request.items.count && request.maxTokens > 0,
            drafts: drafts.count,
            scores: request.scores(of: request.done..<end)
        )
    }
}
