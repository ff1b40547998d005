// What is in memory of earlier prompts, for whoever keeps it longer than memory does.

/// Tokens whose keys and values are in memory, of one owner.
package struct CachedPrefix: Sendable {
    package let owner: Owner
    package let tokens: [TokenID]
    /// How many of the tokens were computed in the fixed chunks of deterministic mode.
    package let fixedCount: Int

    package init(owner: Owner, tokens: [TokenID], fixedCount: Int = 0) {
        self.owner = owner
        self.tokens = tokens
        self.fixedCount = fixedCount
    }

    /// Whether all that could be gone on from here can be gone on from another, too.
    ///
    /// - Parameters:
    ///   - other: The other.
    ///   - cuts: Whether the end of memory can be cut off.
    /// - Returns: True for equal ones, too.
    package func isCovered(by other: Self, cuts: Bool) -> Bool {
        owner == other.owner && fixedCount <= other.fixedCount
            && (cuts ? other.tokens.starts(with: tokens) : other.tokens == tokens)
    }
}

extension Scheduler {
    /// The shortest prefix that is kept elsewhere, and the least by which it is longer than what memory holds when it is
    /// brought in.
    package static func shortestStored(_ policy: SchedulingPolicy, _ limits: BackendLimits) -> Int {
        max(policy.minimumSavedTokens, policy.minimumSharedTokens, limits.copyCost)
    }

    /// What is in memory and long enough to be worth keeping, the most recently used first; without media, and without
    /// what is the beginning of another.
    var cachedPrefixes: [(prefix: CachedPrefix, holder: PrefixTree.Holder)] {
        var found: [(prefix: CachedPrefix, holder: PrefixTree.Holder, lastUse: UInt64)] = []
        func add(_ items: [PromptItem], _ fixed: Int, _ owner: Owner, _ holder: PrefixTree.Holder, _ lastUse: UInt64) {
            let tokens = items.compactMap(\.token)
            guard items.count >= Self.shortestStored(policy, limits), tokens.count == items.count else { return }
            found.append((CachedPrefix(owner: owner, tokens: tokens, fixedCount: fixed), holder, lastUse))
        }
        for slot in slots where !slot.isDirty {
            let lastUse = slot.user == nil ? slot.lastUse : tick
            add(slot.items, slot.fixedCount, slot.owner, .sequence(slot.id), lastUse)
        }
        for state in states.values.sorted(by: { $0.id.rawValue > $1.id.rawValue }) {
            add(state.items, state.fixedCount, state.owner, .state(state.id), state.lastUse)
        }
        // The longest first, so that what covers comes before what it covers.
        var kept: [(prefix: CachedPrefix, holder: PrefixTree.Holder, lastUse: UInt64)] = []
        for entry in found.sorted(by: { $0.prefix.tokens.count > $1.prefix.tokens.count })
        where !kept.contains(where: { entry.prefix.isCovered(by: $0.prefix, cuts: limits.cutsStates) }) {
            kept.append(entry)
        }
        return kept.sorted { $0.lastUse > $1.lastUse }.map { ($0.prefix, $0.holder) }
    }

    /// Where memory holds exactly these tokens now.
    func holder(of prefix: CachedPrefix) -> PrefixTree.Holder? {
        cachedPrefixes.first { entry in
            entry.prefix.owner == prefix.owner && entry.prefix.tokens == prefix.tokens
                && entry.prefix.fixedCount == prefix.fixedCount
        }?.holder
    }

    /// How many tokens of a prompt would be gone on from, if memory held these.
    ///
    /// None where states can't be cut and they are not all in the prompt, whose last one is always computed.
    package static func usableCount(
        of prefix: CachedPrefix,
        for prompt: [PromptItem],
        limits: BackendLimits,
        fixedChunk: Int?
    ) -> Int {
        let most = min(prefix.tokens.count, prompt.count - 1)
        var count = (0..<max(0, most)).first { prompt[$0].token != prefix.tokens[$0] } ?? max(0, most)
        if let fixedChunk { count = min(count, prefix.fixedCount) / fixedChunk * fixedChunk }
        return limits.cutsStates || count == prefix.tokens.count ? count : 0
    }

    /// Whether so many tokens that lie elsewhere are so many more than memory holds of a prompt, or is just computing, that
    /// it is worth bringing them in.
    package func isWorthBringing(_ count: Int, for prompt: [PromptItem], owner: Owner) -> Bool {
        let counts = (prefixes[owner]?.matches(prompt) ?? []).map { match -> Int in
            let match = (holder: match.holder, shared: min(match.shared, prompt.count - 1))
            guard limits.cutsSequences, case .sequence(let id) = match.holder, slots[slotIndex(id)].user != nil else {
                return held(match, for: nil)
            }
            return match.shared
        }
        return count >= (counts.max() ?? 0) + Self.shortestStored(policy, limits)
    }

    /// Takes in a state that the backend is going to have, at the cost of those that were used least recently.
    ///
    /// - Returns: Its name, or nil where it has no room.
    mutating func adopt(_ prefix: CachedPrefix, bytes: Int) -> StateID? {
        guard bytes <= policy.stateBytes, prefix.tokens.count <= limits.contextLength, !prefix.tokens.isEmpty else {
            return nil
        }
        evictStates(toFit: bytes)
        guard stateBytesInUse + bytes <= policy.stateBytes else { return nil }
        lastState += 1
        let id = StateID(rawValue: lastState)
        let items = prefix.tokens.map(PromptItem.token)
        states[id] = SavedState(
            id: id,
            owner: prefix.owner,
            items: items,
            bytes: bytes,
            fixedCount: prefix.fixedCount,
            lastUse: tick
        )
        prefixes[prefix.owner, default: PrefixTree()].insert(.state(id), items)
        return id
    }

    /// Whether operations wait for a step.
    var hasOperations: Bool { !pendingOperations.isEmpty }

    /// The operations that wait for a step, as a plan of them alone.
    mutating func planOperations() -> BatchPlan? {
        guard !pendingOperations.isEmpty else { return nil }
        defer { pendingOperations = [] }
        return BatchPlan(operations: pendingOperations, step: .tokens([]))
    }
}
