// Steps that could not be done: who is hit, and what is tried instead.

extension Scheduler {
    /// Ends every request of a step whose sequences hold nobody knows what.
    mutating func fail(_ plan: BatchPlan, _ error: SchedulingError) -> [(RequestID, RequestEvent)] {
        for case (_, let sequence?) in plan.participants { taint(slotIndex(sequence)) }
        return plan.participants.compactMap { id, _ in
            end(id) ? (id, .failed(error)) : nil
        }
    }

    /// Ends a request of a step; false where it is gone already.
    private mutating func end(_ id: RequestID) -> Bool {
        if let index = running.firstIndex(where: { $0.id == id }) {
            release(index, isDirty: false)
        } else if let index = embeddings.firstIndex(where: { $0.id == id }) {
            embeddings.remove(at: index)
        } else if let index = waiting.firstIndex(where: { $0.id == id }) {
            forgetProgress(of: id)
            waiting.remove(at: index)
        } else {
            return false
        }
        return true
    }

    /// A step that was cut off: whoever is still there of its requests ends; what was in memory before it, still is.
    mutating func abort(_ plan: BatchPlan) -> [(RequestID, RequestEvent)] {
        for case (_, let sequence?) in plan.participants {
            let slot = slotIndex(sequence)
            slots[slot].begunTokens = 0
            if limits.cutsSequences, !slots[slot].items.isEmpty {
                // Whoever left in the middle of an image has had it cut off already.
                let cut = SequenceOperation.cut(sequence, toPosition: slots[slot].position)
                if !pendingOperations.contains(cut) { pendingOperations.append(cut) }
            } else {
                taint(slot)
            }
        }
        return plan.participants.compactMap { id, _ in
            end(id) ? (id, .failed(SchedulingError(.stopping, "the step was cut off"))) : nil
        }
    }

    /// An operation that could not be done costs requests their computed prompts, which are computed again; the step is
    /// planned anew, after the operations that do not build on the lost one.
    mutating func undo(_ plan: BatchPlan, failedAt index: Int, _ reason: String) -> [(RequestID, RequestEvent)] {
        guard plan.operations.indices.contains(index) else {
            return fail(plan, SchedulingError(.backendFailed, reason))
        }
        let failed = plan.operations[index]
        var lost = LostMemory(after: failed)
        let rest = plan.operations[(index + 1)...].filter { lost.spares($0) }
        for id in lost.states { drop(id) }
        if case .restore(let id, _) = failed { forget(id) }
        pendingOperations = rest + lost.sequences.map { .clear($0) } + pendingOperations
        for sequence in lost.sequences { startOver(slotIndex(sequence)) }
        guard case .startSampling(let id, _) = failed else { return [] }
        // Nothing to go on with: what it asks for can't be done.
        return end(id) ? [(id, .failed(SchedulingError(.backendFailed, reason)))] : []
    }

    /// A sequence is to be cleared: its user computes everything again.
    private mutating func startOver(_ slot: Int) {
        taint(slot)
        slots[slot].empty(isDirty: false)
        guard let index = running.firstIndex(where: { $0.id == slots[slot].user }) else { return }
        running[index].done = 0
        running[index].checkpoints = []
        if running[index].usage.generated == 0 { running[index].usage.cached = 0 }
        prefixes[running[index].owner, default: PrefixTree()].insert(.sequence(slots[slot].id), running[index].items)
    }

    /// Empties the sequences that nobody uses, the least recently used first; where there is none left, the newest request
    /// of the step is set back.
    mutating func makeRoom(for plan: BatchPlan) -> [(RequestID, RequestEvent)] {
        let cached = slots.indices.filter { slots[$0].user == nil && (slots[$0].isDirty || !slots[$0].items.isEmpty) }
        if let oldest = cached.min(by: { slots[$0].lastUse < slots[$1].lastUse }) {
            rescue(oldest)
            clear(oldest)
            return []
        }
        guard running.count > 1, let index = newestToYield() else {
            return fail(plan, SchedulingError(.outOfCache, "there is no room left in the KV cache"))
        }
        setBack(index, waitsForRoom: true)
        return []
    }

    /// Batch work before interactive requests, then the newest.
    private func newestToYield() -> Int? {
        running.lastIndex { $0.priority == .batch } ?? running.indices.last
    }
}

/// What can't be built on after an operation has failed.
private struct LostMemory {
    private(set) var sequences: Set<SequenceID> = []
    private(set) var states: Set<StateID> = []

    init(after failed: SequenceOperation) {
        switch failed {
        case .cut(let sequence, _), .copy(_, let sequence, _), .restore(_, let sequence): sequences = [sequence]
        case .save(_, let state): states = [state]
        case .clear, .forget, .startSampling, .endSampling: break
        }
    }

    /// Whether a later operation can still be done; what it was to make is lost too where it can't.
    mutating func spares(_ operation: SequenceOperation) -> Bool {
        switch operation {
        case .clear(let sequence):
            sequences.remove(sequence)
            return true
        case .cut(let sequence, _): return !sequences.contains(sequence)
        case .copy(let source, let target, _): return !lose(target, if: sequences.contains(source))
        case .restore(let state, let sequence): return !lose(sequence, if: states.contains(state))
        case .save(let sequence, let state):
            guard sequences.contains(sequence) else { return true }
            states.insert(state)
            return false
        case .forget(let state): return states.remove(state) == nil
        case .startSampling, .endSampling: return true
        }
    }

    private mutating func lose(_ sequence: SequenceID, if isLost: Bool) -> Bool {
        if isLost { sequences.insert(sequence) }
        return isLost || sequences.contains(sequence)
    }
}

extension BatchPlan {
    /// Of a token step: what is in it, by what it costs; nil where it is empty.
    ///
    /// The last token of a prompt, alone in its slice, is as dear as a decoded one and counts as one.
    package var load: StepLoad? {
        guard case .tokens(let slices) = step, !slices.isEmpty else { return nil }
        let prompts = slices.filter { $0.drafts == 0 && ($0.tokens.count > 1 || !$0.samples) }
        return StepLoad(
            decoding: slices.count - prompts.count,
            drafts: slices.reduce(0) { $0 + $1.drafts },
            promptTokens: prompts.reduce(0) { $0 + $1.tokens.count }
        )
    }

    /// The requests of the step, with the sequences of theirs that it computes on.
    package var participants: [(RequestID, SequenceID?)] {
        switch step {
        case .tokens(let slices): slices.map { ($0.request, $0.sequence) }
        case .draft(let slices): slices.map { ($0.request, nil) }
        case .embeddings(let texts): texts.map { ($0.request, nil) }
        case .encode(let step): [(step.request, nil)]
        case .media(let slice): [(slice.request, slice.sequence)]
        }
    }
}
