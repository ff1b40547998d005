// From a step's outcome to the requests' next states.

extension Scheduler {
    /// Takes in what became of a plan, and says what is to be told to whom, in order.
    ///
    /// Requests that were cancelled since the plan was made get no event. `duration` is what the step took: later chunks
    /// are sized by it.
    package mutating func commit(
        _ plan: BatchPlan,
        _ outcome: StepOutcome,
        duration: Duration
    ) -> [(RequestID, RequestEvent)] {
        if case .sampled = outcome, !plan.operations.contains(where: \.isCopy),
            let (decoding, promptTokens) = plan.tokenCounts
        {
            pacing.note(decoding: decoding, promptTokens: promptTokens, seconds: duration / .seconds(1))
        }
        switch (plan.step, outcome) {
        case (.tokens(let slices), .sampled(let samples)):
            return commit(slices, samples)
        case (.encode(let step), .sampled(let samples)):
            return commit(step, samples.first ?? nil)
        case (.embeddings(let texts), .embedded(let vectors)):
            return commit(texts, vectors)
        case (_, .noRoom):
            return makeRoom(for: plan)
        case (_, .aborted):
            return fail(plan, SchedulingError(.stopping, "the step was cut off"))
        case (_, .failed(let reason)):
            return fail(plan, SchedulingError(.backendFailed, reason))
        case (_, .sampled), (_, .embedded):
            return fail(plan, SchedulingError(.backendFailed, "the outcome is not one of this kind of step"))
        }
    }

    private mutating func commit(_ slices: [TokenSlice], _ samples: [SampledToken?]) -> [(RequestID, RequestEvent)] {
        var events: [(RequestID, RequestEvent)] = []
        var samples = samples[...]
        for slice in slices {
            // Taken even where the request is gone, so that the others get their own.
            let sample = slice.samples ? samples.popFirst() ?? nil : nil
            let slot = slotIndex(slice.sequence)
            slots[slot].append(slice.tokens.lazy.map(PromptItem.token))
            guard let index = running.firstIndex(where: { $0.id == slice.request }) else { continue }
            if let done = running[index].prefillDone {
                running[index].phase = .prefill(done: done + slice.tokens.count)
            }
            if slice.samples { events += take(sample, at: index) }
        }
        return events
    }

    private mutating func commit(_ step: EncodeStep, _ sample: SampledToken?) -> [(RequestID, RequestEvent)] {
        slots[slotIndex(step.sequence)].append(CollectionOfOne(.media(step.item)))
        guard let index = running.firstIndex(where: { $0.id == step.request }) else { return [] }
        if let done = running[index].prefillDone { running[index].phase = .prefill(done: done + 1) }
        return step.samples ? take(sample, at: index) : []
    }

    private mutating func commit(_ texts: [EmbeddingText], _ vectors: [[Float]]) -> [(RequestID, RequestEvent)] {
        zip(texts, vectors).compactMap { text, vector in
            guard let index = waitingTexts.firstIndex(where: { $0.request == text.request }) else { return nil }
            waitingTexts.remove(at: index)
            return (text.request, .embedding(vector, TokenUsage(prompt: text.tokens.count)))
        }
    }

    /// The sampled token of a running request: told, and the last one where it ends the generation.
    private mutating func take(_ sample: SampledToken?, at index: Int) -> [(RequestID, RequestEvent)] {
        let id = running[index].id
        guard let sample else {
            release(index, isDirty: true)
            return [(id, .failed(SchedulingError(.backendFailed, "the step gave no logits to choose a token by")))]
        }
        var events: [(RequestID, RequestEvent)] = []
        if running[index].prefillDone != nil {
            events.append((id, .started(running[index].usage)))
            // Others may wait for this prompt's memory.
            mayStart = true
        }
        running[index].usage.generated += 1
        let usage = running[index].usage
        if sample.endsGeneration {
            release(index, isDirty: false)
            return events + [(id, .finished(.stop, usage))]
        }
        events.append((id, .token(sample.token)))
        if usage.generated >= running[index].maxTokens {
            release(index, isDirty: false)
            return events + [(id, .finished(.length, usage))]
        }
        running[index].phase = .decode(sample.token)
        return events
    }

    /// Ends every request of a step whose sequences hold nobody knows what.
    private mutating func fail(_ plan: BatchPlan, _ error: SchedulingError) -> [(RequestID, RequestEvent)] {
        var events: [(RequestID, RequestEvent)] = []
        // Those whose sequences were to be changed before the step, too: nobody knows how far that went.
        let changed = plan.operations.compactMap { operation in
            running.first { $0.sequence == operation.sequence }.map { ($0.id, Optional(operation.sequence)) }
        }
        for operation in plan.operations { slots[slotIndex(operation.sequence)].empty(isDirty: true) }
        for (id, sequence) in plan.participants + changed {
            if let sequence { slots[slotIndex(sequence)].empty(isDirty: true) }
            if let index = running.firstIndex(where: { $0.id == id }) {
                release(index, isDirty: true)
            } else if let index = waitingTexts.firstIndex(where: { $0.request == id }) {
                waitingTexts.remove(at: index)
            } else {
                continue
            }
            events.append((id, .failed(error)))
        }
        return events
    }

    /// Empties the sequences that nobody uses; where there are none, the newest request of the step ends.
    private mutating func makeRoom(for plan: BatchPlan) -> [(RequestID, RequestEvent)] {
        let cached = slots.indices.filter { slots[$0].user == nil && (slots[$0].isDirty || !slots[$0].items.isEmpty) }
        cached.forEach { clear($0) }
        guard cached.isEmpty, case .tokens = plan.step else {
            return cached.isEmpty ? fail(plan, SchedulingError(.outOfCache, "there is no room in the KV cache")) : []
        }
        let participants = Set(plan.participants.map(\.0))
        guard let index = running.lastIndex(where: { participants.contains($0.id) }) else { return [] }
        let id = running[index].id
        release(index, isDirty: true)
        return [(id, .failed(SchedulingError(.outOfCache, "there is no room left in the KV cache")))]
    }
}

extension BatchPlan {
    /// Of a token step: how many sequences decode, and how many prompt tokens are beside them.
    ///
    /// The last token of a prompt, alone in its slice, is as dear as a decoded one and counts as one.
    var tokenCounts: (decoding: Int, promptTokens: Int)? {
        guard case .tokens(let slices) = step else { return nil }
        let prompts = slices.filter { $0.tokens.count > 1 || !$0.samples }
        return (slices.count - prompts.count, prompts.reduce(0) { $0 + $1.tokens.count })
    }

    /// The requests of the step, with the sequences that hold their memory.
    var participants: [(RequestID, SequenceID?)] {
        switch step {
        case .tokens(let slices): slices.map { ($0.request, $0.sequence) }
        case .embeddings(let texts): texts.map { ($0.request, nil) }
        case .encode(let step): [(step.request, step.sequence)]
        }
    }
}
