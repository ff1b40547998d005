extension Scheduler {
    /// What is wrong with the scheduler's own state, in sentences: empty, always.
    ///
    /// For tests and for idle moments.
    package var violations: [String] {
        var found: [String] = []
        let users = slots.compactMap(\.user)
        if Set(users).count != users.count { found.append("a request holds two sequences") }
        if Set(users) != Set(running.map(\.id)) { found.append("sequences in use and running requests differ") }
        if Set(requests).count != requests.count { found.append("a request is in two places") }
        if waiting.count + waitingTexts.count > policy.maxWaiting + limits.maxSequences {
            found.append("more requests wait than may")
        }
        for request in running {
            let slot = slots[slotIndex(request.sequence)]
            if slot.user != request.id { found.append("\(slot.id) is not held by \(request.id)") }
            if slot.owner != request.owner { found.append("\(slot.id) holds another owner's memory") }
            if slot.isDirty { found.append("\(slot.id) is in use and dirty") }
            let expected = request.prefillDone ?? request.generation.prompt.count + request.usage.generated - 1
            if slot.items.count != expected {
                found.append("\(slot.id) holds \(slot.items.count) items, not \(expected)")
            }
            if slot.items.reduce(0, { $0 + $1.tokenCount }) > limits.contextLength {
                found.append("\(slot.id) holds more than the context")
            }
        }
        return found
    }
}
