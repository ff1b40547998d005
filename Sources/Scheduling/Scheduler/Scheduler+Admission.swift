// From the queue to a sequence: which one, and what of its memory is used again.

extension Scheduler {
    /// Gives free sequences to waiting generations: the oldest first, but of the owner who has the fewest running, so that
    /// one client's hundred requests do not starve another's one.
    ///
    /// One whose prefix is just being computed for another request of the same owner is passed over until that is done,
    /// and goes on from there: nothing is computed twice.
    mutating func startWaiting() {
        guard mayStart else { return }
        mayStart = false
        var passedOver: Set<RequestID> = []
        while slots.contains(where: { $0.user == nil }), let index = nextWaiting(but: passedOver) {
            let request = waiting[index]
            if let start = bestStart(for: request) {
                waiting.remove(at: index)
                begin(request, start)
            } else {
                passedOver.insert(request.id)
            }
        }
    }

    private func nextWaiting(but passedOver: Set<RequestID>) -> Int? {
        let busy = Dictionary(grouping: running, by: \.owner).mapValues(\.count)
        return waiting.indices
            .filter { !passedOver.contains(waiting[$0].id) }
            .min { (busy[waiting[$0].owner, default: 0], $0) < (busy[waiting[$1].owner, default: 0], $1) }
    }

    /// Where a generation begins: the sequence that it gets, and where its first items come from.
    private struct Start {
        var slot: Int
        var source: Int?
        var shared: Int
    }

    /// Nil while it is better to wait for a prefix.
    private mutating func bestStart(for request: WaitingGeneration) -> Start? {
        let prompt = request.generation.prompt
        // The last item is always computed: its logits are needed.
        let most = prompt.count - 1
        let shared = slots.map { $0.owner == request.owner ? min(most, $0.sharedPrefix(with: prompt)) : 0 }
        let best = shared.indices.max { shared[$0] < shared[$1] } ?? 0

        let worthwhile = max(policy.minimumSharedTokens, limits.copyCost)

        if limits.cutsSequences, coming(to: request) >= shared[best] + worthwhile { return nil }

        let free = slots.indices.filter { slots[$0].user == nil }
        // In place, where most of what the sequence holds is of use: nothing has to be copied, and little is lost.
        let inPlace = free.filter { slot in
            let held = slots[slot].items.count
            return shared[slot] > 0
                && (shared[slot] == held || limits.cutsSequences && shared[slot] * 2 >= held)
        }
        .max { shared[$0] < shared[$1] }
        if let inPlace, shared[inPlace] + worthwhile > shared[best] {
            return Start(slot: inPlace, source: nil, shared: shared[inPlace])
        }
        guard let oldest = free.min(by: { leastUseful(slots[$0], slots[$1]) }) else { return nil }
        guard limits.cutsSequences, shared[best] >= worthwhile else {
            return Start(slot: oldest, source: nil, shared: 0)
        }
        if best == oldest { return Start(slot: oldest, source: nil, shared: shared[best]) }
        // Copies take their time: one in a step, where streams would have to wait for it.
        if hasStreams, pendingOperations.contains(where: \.isCopy) {
            mayStart = true
            return nil
        }
        return Start(slot: oldest, source: best, shared: shared[best])
    }

    /// How many items of the prompt will be in memory once the prompts that are being computed now are done.
    private func coming(to request: WaitingGeneration) -> Int {
        running.lazy
            .filter { $0.owner == request.owner && $0.prefillDone != nil }
            .map {
                min(request.generation.prompt.count - 1, commonPrefix($0.generation.prompt, request.generation.prompt))
            }
            .max() ?? 0
    }

    /// Whether somebody is decoding.
    private var hasStreams: Bool { running.contains { $0.prefillDone == nil && !$0.isPaused } }

    private func leastUseful(_ left: SequenceSlot, _ right: SequenceSlot) -> Bool {
        if left.items.isEmpty != right.items.isEmpty { return left.items.isEmpty }
        if left.items.isEmpty { return left.id.rawValue < right.id.rawValue }
        return (left.lastUse, left.id.rawValue) < (right.lastUse, right.id.rawValue)
    }

    private mutating func begin(_ request: WaitingGeneration, _ start: Start) {
        let prompt = request.generation.prompt
        let id = slots[start.slot].id
        if let source = start.source {
            clear(start.slot)
            pendingOperations.append(.copy(from: slots[source].id, to: id))
            slots[start.slot].append(slots[source].items)
        }
        if start.shared == 0 {
            clear(start.slot)
        } else if slots[start.slot].items.count > start.shared {
            slots[start.slot].keep(first: start.shared)
            pendingOperations.append(.cut(id, toPosition: slots[start.slot].position))
        }
        pendingOperations.append(.startSampling(id, request.generation.sampling))
        slots[start.slot].owner = request.owner
        slots[start.slot].user = request.id

        let promptTokens = prompt.reduce(0) { $0 + $1.tokenCount }
        let cachedTokens = prompt[..<start.shared].reduce(0) { $0 + $1.tokenCount }
        let room = limits.contextLength - promptTokens
        running.append(
            RunningGeneration(
                id: request.id,
                owner: request.owner,
                generation: request.generation,
                sequence: id,
                maxTokens: min(request.generation.maxTokens ?? room, room),
                usage: TokenUsage(prompt: promptTokens, cached: cachedTokens),
                phase: .prefill(done: start.shared)
            )
        )
    }

    /// Empties a sequence's memory, if there is anything in it.
    mutating func clear(_ slot: Int) {
        if slots[slot].isDirty || !slots[slot].items.isEmpty { pendingOperations.append(.clear(slots[slot].id)) }
        slots[slot].empty(isDirty: false)
    }

    /// Takes the sequence from a running generation; its content stays for later ones unless nobody knows what it is.
    mutating func release(_ index: Int, isDirty: Bool) {
        mayStart = true
        let slot = slotIndex(running[index].sequence)
        if isDirty { slots[slot].empty(isDirty: true) }
        slots[slot].user = nil
        slots[slot].lastUse = tick
        running.remove(at: index)
    }

    func slotIndex(_ sequence: SequenceID) -> Int { Int(sequence.rawValue) }
}
