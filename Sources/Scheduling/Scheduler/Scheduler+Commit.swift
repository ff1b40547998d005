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
        if case .encode = plan.step { begunEncoding = nil }
        if case .sampled = outcome, !plan.operations.contains(where: \.movesMemory), let load = plan.load {
            pacing.note(load, seconds: duration / .seconds(1))
            if load.decoding > 0 { drafting.earnAttempts(duration / .seconds(1)) }
        }
        switch (plan.step, outcome) {
        case (.tokens(let slices), .sampled(let samples, let scores)):
            return commit(slices, samples, scores)
        case (.encode(let step), .encoded):
            commit(step, isWhole: true, duration: duration)
            return []
        case (.encode(let step), .encodedInPart):
            commit(step, isWhole: false, duration: duration)
            return []
        case (.media(let slice), .sampled):
            return commit(slice, duration: duration)
        case (.embeddings(let texts), .embedded(let vectors)):
            return commit(texts, vectors, duration: duration)
        case (_, .operationFailed(let index, let reason)):
            return undo(plan, failedAt: index, reason)
        case (.draft(let slices), _):
            commit(slices, outcome, seconds: duration / .seconds(1))
            return []
        case (_, .noRoom):
            return makeRoom(for: plan)
        case (_, .aborted):
            return abort(plan)
        case (_, .failed(let reason)):
            return fail(plan, SchedulingError(.backendFailed, reason))
        case (_, .sampled), (_, .encoded), (_, .encodedInPart), (_, .embedded), (_, .drafted):
            return fail(plan, SchedulingError(.backendFailed, "the outcome is not one of this kind of step"))
        }
    }

    private mutating func commit(
        _ slices: [TokenSlice],
        _ samples: [[SampledToken]],
        _ scores: [[TokenProbabilities]]
    ) -> [(RequestID, RequestEvent)] {
        var events: [(RequestID, RequestEvent)] = []
        var samples = samples[...]
        var scores = scores[...]
        for slice in slices {
            // Taken even where the request is gone, so that the others get their own.
            let sampled = slice.samples ? samples.popFirst() ?? [] : []
            let scored = slice.scores.map { asked in
                zip(asked.targets, scores.popFirst() ?? []).map { ScoredToken(token: $0, probabilities: $1) }
            }
            let right = max(0, min(slice.drafts, sampled.count - 1))
            let kept = slice.tokens.dropLast(slice.drafts - right)
            let slot = slotIndex(slice.sequence)
            slots[slot].append(kept.lazy.map(PromptItem.token))
            if right < slice.drafts {
                pendingOperations.append(.cut(slice.sequence, toPosition: slots[slot].position))
            }
            guard let index = running.firstIndex(where: { $0.id == slice.request }) else {
                keepPath(of: slot)
                continue
            }
            if let scored { events.append((slice.request, .scored(scored))) }
            if slice.samples {
                events += take(sampled, of: slice, at: index)
            } else {
                advance(index, by: slice.tokens.count)
                if let progress = running[index].progress { events.append((slice.request, progress)) }
                events += endAfterPrompt(index)
            }
        }
        return events
    }

    /// A request's prompt is further on: others may go on from there, and memory that can't be cut is saved where it is to
    /// be.
    mutating func advance(_ index: Int, by count: Int) {
        if !running[index].isDecoding { mayStart = true }
        running[index].done += count
        let done = running[index].done
        running[index].scored = max(running[index].scored, done)
        let slot = slotIndex(running[index].sequence)
        if let chunk = policy.fixedChunk, done % chunk == 0, done <= running[index].generation.prompt.count {
            slots[slot].fixedCount = done
        }
        if running[index].checkpoints.contains(done) { save(slot) }
    }

    /// The end of a request whose prompt was all that was asked for, once that is computed.
    private mutating func endAfterPrompt(_ index: Int) -> [(RequestID, RequestEvent)] {
        let request = running[index]
        guard request.maxTokens == 0, request.done == request.items.count else { return [] }
        release(index, isDirty: false)
        return [(request.id, .started(request.usage)), (request.id, .finished(.length, request.usage))]
    }

    /// The sampled tokens of a slice: the guesses that were right, and the one after.
    private mutating func take(
        _ sampled: [SampledToken],
        of slice: TokenSlice,
        at index: Int
    ) -> [(RequestID, RequestEvent)] {
        let id = slice.request
        advance(index, by: slice.tokens.count - slice.drafts)
        let accepted = max(0, sampled.count - 1)
        note(slice.drafts, accepted, of: index)
        running[index].usage.drafted += slice.drafts
        running[index].usage.accepted += accepted
        if running[index].speculation.source == .prediction {
            running[index].usage.predicted += accepted
            running[index].usage.mispredicted += slice.drafts - accepted
        }
        var events = take(sampled.first, at: index)
        for token in sampled.dropFirst() {
            // An earlier one may have ended it.
            guard let index = running.firstIndex(where: { $0.id == id }) else { break }
            running[index].done += 1
            events += take(token, at: index)
        }
        return events
    }

    private mutating func note(_ drafted: Int, _ accepted: Int, of index: Int) {
        let source = running[index].speculation.source
        running[index].speculation.note(drafted: drafted, accepted: accepted)
        if source == .model { drafting.record.note(drafted: drafted, accepted: accepted) }
        draftCounts.note(source, drafted: drafted, accepted: accepted)
    }

    /// The sampled token of a running request: told, and the last one where it ends the generation.
    private mutating func take(_ sample: SampledToken?, at index: Int) -> [(RequestID, RequestEvent)] {
        let id = running[index].id
        guard let sample else {
            release(index, isDirty: true)
            return [(id, .failed(SchedulingError(.backendFailed, "the step gave no logits to choose a token by")))]
        }
        var events: [(RequestID, RequestEvent)] = []
        if running[index].usage.generated == 0 { events.append((id, .started(running[index].usage))) }
        running[index].usage.generated += 1
        let usage = running[index].usage
        if sample.endsGeneration {
            release(index, isDirty: false)
            if let probabilities = sample.probabilities {
                events.append((id, .end(ScoredToken(token: sample.token, probabilities: probabilities))))
            }
            return events + [(id, .finished(.stop, usage))]
        }
        events.append((id, .token(sample.token, sample.probabilities)))
        if usage.generated >= running[index].maxTokens {
            release(index, isDirty: false)
            return events + [(id, .finished(.length, usage))]
        }
        let item = PromptItem.token(sample.token)
        running[index].items.append(item)
        running[index].speculation.append(sample.token)
        prefixes[running[index].owner]?.extend(.sequence(running[index].sequence), by: [item])
        return events
    }

    /// Makes the path of a sequence whose user has gone meanwhile that of what it holds.
    mutating func keepPath(of slot: Int) {
        guard slots[slot].user == nil, !slots[slot].isDirty else { return }
        let holder = PrefixTree.Holder.sequence(slots[slot].id)
        prefixes[slots[slot].owner, default: PrefixTree()].remove(holder)
        prefixes[slots[slot].owner, default: PrefixTree()].insert(holder, slots[slot].items)
    }
}
