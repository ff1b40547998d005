// From the running requests to the next step.

extension Scheduler {
    /// The next step, or nil while there is nothing that could be done.
    ///
    /// Each plan is to be carried out, whole and before the next one is made, and its outcome given to `commit`.
    package mutating func plan() -> BatchPlan? {
        tick += 1
        startWaiting()
        guard let step = nextStep() else { return nil }
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
        case .tokens: tokenStep()
        case .encode: encodeStep()
        case .embeddings: embeddingStep()
        }
    }

    /// Every decoding sequence's next token, then chunks of prompts in what is left.
    private func tokenStep() -> Step? {
        var slices: [TokenSlice] = []
        for request in running where !request.isPaused {
            guard case .decode(let token) = request.phase else { continue }
            slices.append(slice(of: request, tokens: [token], samples: true))
        }
        let budget = min(limits.maxStepTokens - slices.count, pacing.promptTokens(decoding: slices.count))
        slices += promptChunks(budget)
        return slices.isEmpty ? nil : .tokens(slices)
    }

    /// Chunks of prompts: half of the budget for the oldest, so that it can't starve; the rest for the shortest first, so
    /// that a short question does not wait for somebody's long document.
    private func promptChunks(_ budget: Int) -> [TokenSlice] {
        guard budget > 0 else { return [] }
        let prompts = running.filter { $0.prefillDone != nil && $0.nextMedia == nil }
        guard !prompts.isEmpty else { return [] }
        let remaining = prompts.map(\.remainingTokens)
        var granted = Array(repeating: 0, count: prompts.count)
        var rest = budget
        func grant(_ place: Int, atMost most: Int) {
            let tokens = min(remaining[place] - granted[place], most, rest)
            granted[place] += tokens
            rest -= tokens
        }
        grant(0, atMost: (budget + 1) / 2)
        for place in prompts.indices.dropFirst().sorted(by: { remaining[$0] < remaining[$1] }) {
            grant(place, atMost: rest)
        }
        grant(0, atMost: rest)
        return zip(prompts, granted).compactMap { request, count in
            guard count > 0, let done = request.prefillDone else { return nil }
            let prompt = request.generation.prompt
            let tokens = prompt[done..<done + count].compactMap(\.token)
            return slice(of: request, tokens: tokens, samples: done + count == prompt.count)
        }
    }

    private func slice(of request: RunningGeneration, tokens: [TokenID], samples: Bool) -> TokenSlice {
        TokenSlice(
            request: request.id,
            sequence: request.sequence,
            tokens: tokens,
            position: slots[slotIndex(request.sequence)].position,
            samples: samples
        )
    }

    /// The media item at which the oldest such prompt has arrived.
    private func encodeStep() -> Step? {
        for request in running {
            guard let done = request.prefillDone, let item = request.nextMedia else { continue }
            return .encode(
                EncodeStep(
                    request: request.id,
                    sequence: request.sequence,
                    item: item,
                    position: slots[slotIndex(request.sequence)].position,
                    samples: done + 1 == request.generation.prompt.count
                )
            )
        }
        return nil
    }

    /// As many waiting texts as fit, oldest first.
    ///
    /// They stay in the queue until the commit.
    private func embeddingStep() -> Step? {
        var texts: [EmbeddingText] = []
        var room = limits.maxEmbeddingTokens
        for text in waitingTexts {
            guard texts.count < limits.maxSequences, text.tokens.count <= room else { break }
            room -= text.tokens.count
            texts.append(text)
        }
        return texts.isEmpty ? nil : .embeddings(texts)
    }
}
