extension Scheduler {
    /// What is wrong with the scheduler's own state, in sentences: empty, always.
    ///
    /// For tests and for idle moments.
    package var violations: [String] { queueViolations + sequenceViolations + memoryViolations }

    private var queueViolations: [String] {
        var found: [String] = []
        if Set(requests).count != requests.count { found.append("a request is in two places") }
        for priority in Priority.allCases {
            let queued = waiting.count { $0.priority == priority && $0.progress == nil }
            let texts = embeddings.count { $0.priority == priority }
            if queued + texts > policy.maxWaiting + limits.maxSequences { found.append("more requests wait than may") }
        }
        return found
    }

    private var sequenceViolations: [String] {
        var found: [String] = []
        let users = slots.compactMap(\.user)
        if Set(users).count != users.count { found.append("a request holds two sequences") }
        if Set(users) != Set(running.map(\.id)) { found.append("sequences in use and running requests differ") }
        for request in running {
            let slot = slots[slotIndex(request.sequence)]
            if slot.user != request.id { found.append("\(slot.id) is not held by \(request.id)") }
            if slot.owner != request.owner { found.append("\(slot.id) holds another owner's memory") }
            if slot.isDirty { found.append("\(slot.id) is in use and dirty") }
            if slot.begunTokens >= request.nextMedia?.tokenCount ?? 1 {
                found.append("\(slot.id) holds tokens of media that do not come next")
            }
            if slot.items != Array(request.items.prefix(request.done)) {
                found.append("\(slot.id) does not hold what \(request.id) has computed")
            }
            if request.items.count != request.generation.prompt.count + request.usage.generated {
                found.append("\(request.id) has lost a token")
            }
            if slot.items.reduce(0, { $0 + $1.tokenCount }) > limits.contextLength {
                found.append("\(slot.id) holds more than the context")
            }
            if slot.items.reduce(0, { $0 + $1.tokenCount }) != slot.tokenCount {
                found.append("\(slot.id) has lost count of its tokens")
            }
        }
        return found
    }

    private var memoryViolations: [String] {
        var found: [String] = []
        if stateBytesInUse > policy.stateBytes { found.append("saved states take more than they may") }
        let waitingIDs = Set(waiting.filter { $0.progress != nil }.map(\.id))
        if encodings.bytes > policy.encodingBytes, encodings.count > 1 + running.count {
            found.append("encoded media take more than they may")
        }
        for state in states.values {
            if let keeper = state.keeper, !waitingIDs.contains(keeper) {
                found.append("\(state.id) is kept for nobody")
            }
            if prefixes[state.owner]?.path(of: .state(state.id)) != state.items {
                found.append("\(state.id) is not found by what it holds")
            }
        }
        for slot in slots {
            let path = prefixes[slot.owner]?.path(of: .sequence(slot.id))
            if let request = running.first(where: { $0.sequence == slot.id }) {
                if path != request.items { found.append("\(slot.id) is not found by what it will hold") }
            } else if path ?? [] != slot.items {
                found.append("\(slot.id) is not found by what it holds")
            }
        }
        for (owner, tree) in prefixes {
            let holders = tree.holders
            for holder in holders {
                switch holder {
                case .sequence(let id):
                    if slots[slotIndex(id)].owner != owner {
                        found.append("\(owner) finds the memory of another in \(id)")
                    }
                case .state(let id):
                    if states[id]?.owner != owner { found.append("\(owner) finds the memory of another in \(id)") }
                }
            }
        }
        return found
    }
}
