// From the queue to a sequence: whose turn it is, which sequence, and what of the memory is used again.

extension Scheduler {
    /// Gives free sequences to waiting generations.
    ///
    /// One whose prefix is just being computed for another request of the same owner is passed over until that is done,
    /// and goes on from there: nothing is computed twice.
    mutating func startWaiting() {
        guard mayStart else { return }
        mayStart = false
        var passedOver: Set<RequestID> = []
        while true {
            guard let index = nextWaiting(but: passedOver) else {
                // Somebody waits for room that a slow reader's request holds.
                if waiting.contains(where: { $0.progress?.waitsForRoom == true && !$0.isPaused }), setBackPaused() {
                    continue
                }
                return
            }
            let request = waiting[index]
            if !slots.contains(where: { $0.user == nil }) {
                guard setBackPaused() || makeWay(for: request) else { return }
                continue
            }
            if let start = bestStart(for: request) {
                noteTurn(of: request)
                waiting.remove(at: index)
                begin(request, start)
            } else {
                passedOver.insert(request.id)
            }
        }
    }

    /// Whose turn it is: one in `batchTurn` starts is batch work's while both wait; within a priority the oldest request, but
    /// of the owner who has the fewest running, so that one client's hundred requests do not starve another's one.
    private func nextWaiting(but passedOver: Set<RequestID>) -> Int? {
        let roomNeeded = waiting.first { $0.progress?.waitsForRoom == true && !$0.isPaused }
        if let roomNeeded {
            // Whoever began now would take the room that it waits for.
            let held = running.reduce(0) { $0 + $1.tokenCount }
            let needed = roomNeeded.tokenCount + policy.prefillTokensAlone / 4
            guard running.isEmpty || held + needed <= limits.cacheTokens else { return nil }
        }
        let busy = Dictionary(grouping: running, by: \.owner).mapValues(\.count)
        func next(_ priority: Priority) -> Int? {
            waiting.indices
                .filter { waiting[$0].priority == priority && !waiting[$0].isPaused }
                .filter { !passedOver.contains(waiting[$0].id) }
                .min { (busy[waiting[$0].owner, default: 0], $0) < (busy[waiting[$1].owner, default: 0], $1) }
        }
        switch (next(.interactive), next(.batch)) {
        case (let interactive?, let batch?): return interactiveStarts + 1 >= policy.batchTurn ? batch : interactive
        case (let interactive, let batch): return interactive ?? batch
        }
    }

    private mutating func noteTurn(of request: WaitingGeneration) {
        switch request.priority {
        case .batch: interactiveStarts = 0
        case .interactive:
            let batchWaits = waiting.contains { $0.priority == .batch }
            interactiveStarts = batchWaits ? min(interactiveStarts + 1, policy.batchTurn) : 0
        }
    }

    /// Sets back a request whose reader does not keep up: it can do nothing with its sequence, and another can.
    private mutating func setBackPaused() -> Bool {
        guard let index = running.lastIndex(where: { $0.isPaused && $0.isDecoding }) else { return false }
        setBack(index, waitsForRoom: false)
        return true
    }

    /// Sets back the newest batch work for an interactive request, where batch work has more than its part; the last of it
    /// once it has come a little further.
    private mutating func makeWay(for request: WaitingGeneration) -> Bool {
        let batch = running.count { $0.priority == .batch }
        guard request.priority == .interactive, batch > policy.batchSequences(of: limits.maxSequences),
            let newest = running.lastIndex(where: { $0.priority == .batch }),
            batch > 1 || tick - running[newest].begun >= policy.batchSteps
        else { return false }
        setBack(newest, waitsForRoom: false)
        return true
    }

    /// Where a generation begins: the sequence that it gets, and where its first items come from.
    private struct Start {
        var slot: Int
        var source: PrefixTree.Holder?
        var shared: Int
    }

    /// Nil while it is better to wait for a prefix.
    private mutating func bestStart(for request: WaitingGeneration) -> Start? {
        let items = request.items
        let matches = (prefixes[request.owner]?.matches(items) ?? [])
            // The last item is always computed: its logits are needed.
            .map { (holder: $0.holder, shared: min($0.shared, request.mostShared)) }
            .filter { $0.shared > 0 }
            .sorted { order($0.holder) < order($1.holder) }
        let best = matches.max { held($0, for: request.id) < held($1, for: request.id) }
        let bestHeld = best.map { held($0, for: request.id) } ?? 0

        if waitsForPrefix(request, matches, bestHeld) { return nil }

        let free = slots.indices.filter { slots[$0].user == nil }
        // In place, where most of what the sequence holds is of use: nothing has to be moved, and little is lost.
        let inPlace =
            matches.compactMap { match -> (slot: Int, held: Int)? in
                guard case .sequence(let id) = match.holder, slots[slotIndex(id)].user == nil else { return nil }
                let held = held(match, for: nil)
                let isMost = request.generation.tokens(in: held) * 2 >= slots[slotIndex(id)].tokenCount
                return held > 0 && isMost ? (slotIndex(id), held) : nil
            }
            .max { $0.held < $1.held }
        let bestTokens = request.generation.tokens(in: bestHeld)
        if let inPlace, request.generation.tokens(in: inPlace.held) + worthwhileTokens > bestTokens {
            return Start(slot: inPlace.slot, source: nil, shared: inPlace.held)
        }
        guard let target = free.min(by: { leastUseful(slots[$0], slots[$1]) }) else { return nil }
        guard let best, bestTokens >= worthwhileTokens || isKept(best.holder, for: request.id) else {
            // What little the sequence has of it costs nothing to keep.
            let own = matches.first { $0.holder == .sequence(slots[target].id) }
            return Start(slot: target, source: nil, shared: own.map { held($0, for: nil) } ?? 0)
        }
        // Moving memory takes its time: once in a step, where streams would have to wait for it.
        let hasMoved = pendingOperations.contains { operation in
            if case .copy = operation, limits.defersCopies { true } else { hasStreams && operation.movesMemory }
        }
        if hasMoved {
            mayStart = true
            return nil
        }
        if best.holder == .sequence(slots[target].id) { return Start(slot: target, source: nil, shared: bestHeld) }
        return Start(slot: target, source: best.holder, shared: bestHeld)
    }

    /// Whether a prompt that is being computed now begins so much more like this one that it is worth waiting for.
    ///
    /// Where memory can't be cut, it is asked to save its state where the two part.
    private mutating func waitsForPrefix(
        _ request: WaitingGeneration,
        _ matches: [(holder: PrefixTree.Holder, shared: Int)],
        _ bestHeld: Int
    ) -> Bool {
        let tokens = request.generation.tokens
        let worthwhile = tokens(bestHeld) + worthwhileTokens
        var waits = false
        for match in matches where tokens(match.shared) >= worthwhile {
            guard case .sequence(let id) = match.holder,
                let index = running.firstIndex(where: { $0.sequence == id }), !running[index].isDecoding,
                running[index].done < match.shared
            else { continue }
            if !limits.cutsSequences {
                guard policy.stateBytes > 0 else { continue }
                addCheckpoint(match.shared, to: index)
            }
            waits = true
        }
        return waits
    }

    private mutating func addCheckpoint(_ count: Int, to index: Int) {
        guard !running[index].checkpoints.contains(count) else { return }
        running[index].checkpoints.append(count)
        running[index].checkpoints.sort()
    }

    /// Free sequences first, then used ones, then saved states; within each by number: ties are decided alike always.
    private func order(_ holder: PrefixTree.Holder) -> (Int, UInt64) {
        switch holder {
        case .sequence(let id): (slots[slotIndex(id)].user == nil ? 0 : 1, UInt64(id.rawValue))
        case .state(let id): (2, id.rawValue)
        }
    }

    /// Whether somebody is decoding.
    private var hasStreams: Bool { running.contains { $0.isDecoding && !$0.isPaused } }

    private func leastUseful(_ left: SequenceSlot, _ right: SequenceSlot) -> Bool {
        if left.items.isEmpty != right.items.isEmpty { return left.items.isEmpty }
        if left.items.isEmpty { return left.id.rawValue < right.id.rawValue }
        return (left.lastUse, left.id.rawValue) < (right.lastUse, right.id.rawValue)
    }

    private mutating func begin(_ request: WaitingGeneration, _ start: Start) {
        let items = request.items
        fill(start, items, owner: request.owner)
        let slot = start.slot
        let id = slots[slot].id
        slots[slot].owner = request.owner
        slots[slot].user = request.id
        let checkpoints = checkpoints(for: request, after: start.shared)
        prefixes[request.owner]?.remove(.sequence(id))
        prefixes[request.owner, default: PrefixTree()].insert(.sequence(id), items)

        let promptTokens = request.generation.prompt.reduce(0) { $0 + $1.tokenCount }
        let cachedTokens = items[..<start.shared].reduce(0) { $0 + $1.tokenCount }
        let room = limits.contextLength - promptTokens
        if request.progress == nil {
            pendingOperations.append(.startSampling(request.id, request.generation.sampling))
        } else {
            // What was kept for it is in its sequence again.
            states.values.filter { $0.keeper == request.id }.forEach { forget($0.id) }
        }
        var generation = RunningGeneration(
            id: request.id,
            owner: request.owner,
            priority: request.priority,
            generation: request.generation,
            sequence: id,
            maxTokens: min(request.generation.maxTokens ?? room, room),
            usage: request.progress?.usage ?? TokenUsage(prompt: promptTokens, cached: cachedTokens),
            items: items,
            done: start.shared,
            scored: request.progress?.scored ?? request.generation.firstScored ?? 0,
            checkpoints: checkpoints,
            speculation: request.progress?.speculation
                ?? Speculation(
                    items,
                    maxDrafts: maxDrafts,
                    modelAcceptance: drafting.record.acceptance,
                    prediction: request.generation.prediction
                ),
            begun: tick
        )
        generation.isPaused = request.progress?.isPaused ?? false
        running.append(generation)
    }

    /// How many tokens are guessed ahead, at most.
    private var maxDrafts: Int { Self.drafts(limits, policy) ? policy.maxDrafts : 0 }

    /// Puts the shared items into the sequence, and nothing else.
    private mutating func fill(_ start: Start, _ items: [PromptItem], owner: Owner) {
        let slot = start.slot
        let id = slots[slot].id
        guard let source = start.source else {
            if slots[slot].items[..<start.shared].reduce(0, { $0 + $1.tokenCount }) * 2 < slots[slot].tokenCount {
                rescue(slot)
            }
            if start.shared == 0 { clear(slot) } else { cut(slot, to: start.shared) }
            return
        }
        // Held fast, or what is rescued might take its place.
        let keeper = pin(source)
        rescue(slot)
        clear(slot)
        slots[slot].owner = owner
        switch source {
        case .sequence(let sourceID):
            let from = slots[slotIndex(sourceID)]
            slots[slot].append(from.items[..<start.shared])
            slots[slot].fixedCount = min(from.fixedCount, start.shared)
            slots[slot].uncutCount = from.uncutCount
            pendingOperations.append(.copy(from: sourceID, to: id, upTo: slots[slot].position))
        case .state(let stateID):
            guard let state = states[stateID] else { return }
            states[stateID]?.lastUse = tick
            slots[slot].append(state.items)
            slots[slot].fixedCount = state.fixedCount
            slots[slot].uncutCount = limits.cutsStates ? 0 : state.items.count
            makeRoom(for: state.items, beside: slot)
            pendingOperations.append(.restore(stateID, id))
            // Only now: what had to make room may have been saved in its place.
            states[stateID]?.keeper = keeper
            cut(slot, to: start.shared)
            evictStates(toFit: 0)
        }
    }

    /// Keeps a saved state from being evicted; gives whom it was kept for.
    private mutating func pin(_ holder: PrefixTree.Holder) -> RequestID? {
        guard case .state(let id) = holder, let state = states[id] else { return nil }
        states[id]?.keeper = state.keeper ?? RequestID(rawValue: 0)
        return state.keeper
    }

    private mutating func cut(_ slot: Int, to count: Int) {
        guard slots[slot].items.count > count else { return dropBegun(slot) }
        slots[slot].begunTokens = 0
        slots[slot].keep(first: count)
        pendingOperations.append(.cut(slots[slot].id, toPosition: slots[slot].position))
    }

    /// Where state is to be saved on the way through a prompt, where memory can't be cut: before its last item, for the
    /// same prompt again; and where it parts from an earlier one, since a third is likely to part there too.
    private func checkpoints(for request: WaitingGeneration, after shared: Int) -> [Int] {
        guard !limits.cutsSequences, policy.stateBytes > 0, request.progress == nil else { return [] }
        let last = request.items.count - 1
        let parting = prefixes[request.owner]?.matches(request.items).map { min($0.shared, last) }.max() ?? 0
        return Set([parting, last])
            .filter { request.generation.tokens(in: $0) >= request.generation.tokens(in: shared) + worthwhileTokens }
            .sorted()
    }
}
