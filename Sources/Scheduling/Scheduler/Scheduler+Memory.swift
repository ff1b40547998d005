// What the sequences hold, what is saved of it, and what is forgotten.

extension Scheduler {
    func slotIndex(_ sequence: SequenceID) -> Int { Int(sequence.rawValue) }

    /// Empties a free sequence's memory, if there is anything in it.
    mutating func clear(_ slot: Int) {
        let holdsAnything = slots[slot].isDirty || !slots[slot].items.isEmpty || slots[slot].begunTokens > 0
        if holdsAnything { pendingOperations.append(.clear(slots[slot].id)) }
        forgetPrefix(.sequence(slots[slot].id), of: slots[slot].owner)
        slots[slot].empty(isDirty: false)
    }

    /// Notes that nobody knows what a sequence holds.
    mutating func taint(_ slot: Int) {
        forgetPrefix(.sequence(slots[slot].id), of: slots[slot].owner)
        slots[slot].empty(isDirty: true)
    }

    /// Takes the sequence from a running generation; its content stays for later ones unless nobody knows what it is.
    mutating func release(_ index: Int, isDirty: Bool) {
        mayStart = true
        let request = running.remove(at: index)
        pendingOperations.append(.endSampling(request.id))
        answerLength.note(request.usage.generated)
        free(slotIndex(request.sequence), isDirty: isDirty)
    }

    private mutating func free(_ slot: Int, isDirty: Bool) {
        slots[slot].user = nil
        slots[slot].lastUse = tick
        dropBegun(slot)
        if isDirty || slots[slot].isDirty {
            taint(slot)
        } else {
            // The path was that of all that the request was going to compute.
            forgetPrefix(.sequence(slots[slot].id), of: slots[slot].owner)
            if !slots[slot].items.isEmpty {
                prefixes[slots[slot].owner, default: PrefixTree()].insert(.sequence(slots[slot].id), slots[slot].items)
            }
        }
    }

    /// Moves a running request back to the head of the queue; its sequence is free then, and what was computed is saved.
    mutating func setBack(_ index: Int, waitsForRoom: Bool) {
        mayStart = true
        setBacks += 1
        let request = running.remove(at: index)
        let slot = slotIndex(request.sequence)
        dropBegun(slot)
        if !slots[slot].isDirty, !slots[slot].items.isEmpty { save(slot, keeper: request.id) }
        free(slot, isDirty: false)
        if waitsForRoom { clear(slot) }
        let progress = WaitingGeneration.Progress(
            items: request.items,
            usage: request.usage,
            speculation: request.speculation,
            isPaused: request.isPaused,
            waitsForRoom: waitsForRoom,
            scored: request.scored
        )
        let place = waiting.firstIndex { $0.progress == nil || $0.id.rawValue > request.id.rawValue } ?? waiting.count
        waiting.insert(
            WaitingGeneration(
                id: request.id,
                owner: request.owner,
                priority: request.priority,
                generation: request.generation,
                progress: progress
            ),
            at: place
        )
    }

    /// Drops what is kept for a request that was set back.
    mutating func forgetProgress(of id: RequestID) {
        pendingOperations.append(.endSampling(id))
        states.values.filter { $0.keeper == id }.forEach { forget($0.id) }
    }

    /// Saves what a sequence holds, at the cost of the states that were used least recently.
    ///
    /// For nobody in particular it is saved within the bounds of the policy alone; what a request needs to go on is saved
    /// in any case.
    mutating func save(_ slot: Int, keeper: RequestID? = nil) {
        let bytes = limits.stateBytes + slots[slot].tokenCount * limits.stateBytesPerToken
        if keeper == nil {
            guard policy.stateBytes > 0, bytes <= policy.stateBytes else { return }
            evictStates(toFit: bytes)
            guard stateBytesInUse + bytes <= policy.stateBytes else { return }
        }
        lastState += 1
        let id = StateID(rawValue: lastState)
        states[id] = SavedState(
            id: id,
            owner: slots[slot].owner,
            items: slots[slot].items,
            bytes: bytes,
            fixedCount: slots[slot].fixedCount,
            lastUse: tick,
            keeper: keeper
        )
        prefixes[slots[slot].owner, default: PrefixTree()].insert(.state(id), slots[slot].items)
        pendingOperations.append(.save(slots[slot].id, id))
    }

    /// Saves what a free sequence holds before another's prompt takes its place, where it is worth it and nobody else has
    /// it.
    mutating func rescue(_ slot: Int) {
        let items = slots[slot].items
        guard slots[slot].tokenCount >= max(policy.minimumSavedTokens, worthwhileTokens), slots[slot].user == nil,
            !slots[slot].isDirty
        else { return }
        let me = PrefixTree.Holder.sequence(slots[slot].id)
        let others = prefixes[slots[slot].owner]?.matches(items) ?? []
        guard !others.contains(where: { $0.holder != me && held($0, for: nil) == items.count }) else { return }
        save(slot)
    }

    /// Empties idle sequences, the least recently used first, until a shared pool of cells has room for a state.
    mutating func makeRoom(for items: [PromptItem], beside target: Int) {
        let needed = items.reduce(0) { $0 + $1.tokenCount }
        while slots.joinedTokens(but: target) + needed > limits.cacheTokens,
            let oldest = slots.indices
                .filter({ $0 != target && slots[$0].user == nil && !slots[$0].items.isEmpty })
                .min(by: { slots[$0].lastUse < slots[$1].lastUse })
        {
            rescue(oldest)
            clear(oldest)
        }
    }

    /// How many items of a match are in memory, and can be gone on from.
    func held(_ match: (holder: PrefixTree.Holder, shared: Int), for request: RequestID?) -> Int {
        let count: Int
        let fixed: Int
        // What can't be cut is held as a whole or not at all.
        let uncut: Int
        switch match.holder {
        case .sequence(let id):
            let slot = slots[slotIndex(id)]
            // What was begun beyond the items can't be left out of a copy where memory can't be cut.
            if slot.begunTokens > 0, !limits.cutsSequences { return 0 }
            (count, fixed, uncut) = (slot.items.count, slot.fixedCount, slot.uncutCount)
        case .state(let id):
            (count, fixed) = (states[id]?.items.count ?? 0, states[id]?.fixedCount ?? 0)
            uncut = limits.cutsStates ? 0 : count
        }
        if isKept(match.holder, for: request) { return min(match.shared, count) }
        var held = min(match.shared, count)
        if let chunk = policy.fixedChunk { held = min(held, fixed) / chunk * chunk }
        return limits.cutsSequences && held >= uncut || held == count ? held : 0
    }

    /// Whether it is the state that a request goes on from that was set back.
    func isKept(_ holder: PrefixTree.Holder, for request: RequestID?) -> Bool {
        guard case .state(let id) = holder, let request else { return false }
        return states[id]?.keeper == request
    }

    /// The shortest prefix that is worth moving memory about for.
    var worthwhileTokens: Int { max(policy.minimumSharedTokens, limits.copyCost) }

    mutating func forget(_ id: StateID) {
        guard drop(id) else { return }
        pendingOperations.append(.forget(id))
    }

    /// Forgets a state that the backend does not have.
    @discardableResult
    mutating func drop(_ id: StateID) -> Bool {
        guard let state = states.removeValue(forKey: id) else { return false }
        forgetPrefix(.state(id), of: state.owner)
        return true
    }

    /// Bytes of states that are kept for later requests.
    var stateBytesInUse: Int { states.values.reduce(0) { $0 + ($1.keeper == nil ? $1.bytes : 0) } }

    mutating func evictStates(toFit bytes: Int) {
        while stateBytesInUse + bytes > policy.stateBytes,
            let oldest = states.values.filter({ $0.keeper == nil }).min(by: {
                ($0.lastUse, $0.id.rawValue) < ($1.lastUse, $1.id.rawValue)
            })
        {
            forget(oldest.id)
        }
    }

    private mutating func forgetPrefix(_ holder: PrefixTree.Holder, of owner: Owner) {
        prefixes[owner]?.remove(holder)
        if prefixes[owner]?.isEmpty == true { prefixes[owner] = nil }
    }
}

extension [SequenceSlot] {
    /// Tokens that all but one hold, those that they share counted for each.
    fileprivate func joinedTokens(but target: Int) -> Int {
        indices.reduce(0) { sum, index in
            index == target ? sum : sum + self[index].tokenCount
        }
    }
}
