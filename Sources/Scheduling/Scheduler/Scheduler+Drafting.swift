// Guessing ahead, where it pays.

extension Scheduler {
    /// Guesses for streams, by their places in `running`, in a step that holds nothing else: what the draft model has
    /// guessed, and for the others what is looked up.
    mutating func drafts(for streams: [Int]) -> [Int: [TokenID]] {
        let before = drafting.lastStep ?? 0
        let guesses = drafting.guesses
        guard policy.maxDrafts > 0, !streams.isEmpty,
            let step = pacing.costs.decode(streams.count)
        else { return [:] }
        let draft = costOfGuess(beside: streams.count, step)
        var left = min(
            limits.maxStepTokens - streams.count,
            Int((pacing.maxGap - step - before) / max(draft, 1e-9)).clamped(to: 0...limits.maxStepTokens)
        )
        var drafts: [Int: [TokenID]] = [:]
        // Those of the draft model first: they have been paid for.
        for index in streams.sorted(by: { has($0, guesses) && !has($1, guesses) }) {
            let most = min(roomForGuesses(running[index]), left)
            guard most > 0 else { continue }
            let guesses =
                if let guessed = guesses[running[index].id] {
                    running[index].speculation.use(guessed, atMost: most)
                } else {
                    running[index].speculation.guesses(atMost: most, streams: streams.count, step: step, draft: draft)
                }
            left -= guesses.count
            if !guesses.isEmpty { drafts[index] = guesses }
        }
        // The draft model's guesses have been paid for, and others come with them.
        if streams.contains(where: { has($0, guesses) && drafts[$0] != nil }) { return drafts }
        return pay(drafts, streams: streams.count, step: step) ? drafts : [:]
    }

    /// Whether guesses are worth what they add to a step that is everybody's.
    ///
    /// The sequences that have guesses take a pass of their own through the model, which costs much the same for few guesses
    /// and for many: it is for all of them together that it pays. It is looked at again now and then: costs change.
    private mutating func pay(_ drafts: [Int: [TokenID]], streams: Int, step: Double) -> Bool {
        guard streams > 1, !drafts.isEmpty, let more = pacing.costs.draftStep(streams) else { return true }
        let right = drafts.reduce(0) { $0 + running[$1.key].speculation.expectedRight(of: $1.value.count) }
        if right * step > more * Double(streams) { return true }
        draftsHeldBack += 1
        return draftsHeldBack.isMultiple(of: policy.draftReviewInterval)
    }

    private func has(_ index: Int, _ guesses: [RequestID: [TokenID]]) -> Bool { guesses[running[index].id] != nil }

    /// How many tokens a request could have guessed: the one behind the last guess is its own.
    func roomForGuesses(_ request: RunningGeneration) -> Int {
        min(request.maxTokens - request.usage.generated - 1, limits.contextLength - request.tokenCount - 1)
    }

    /// Seconds that the check of a guess adds to a step.
    func costOfGuess(beside count: Int, _ step: Double) -> Double {
        pacing.costs.draftToken(count) ?? costOfAnotherStream(beside: count, step)
    }

    /// Until guesses were seen, they are taken to cost as much as another sequence does.
    private func costOfAnotherStream(beside count: Int, _ step: Double) -> Double {
        guard pacing.costs.hasSeen(count + 1), let more = pacing.costs.decode(count + 1) else {
            return 0.6 * step / Double(count)
        }
        return max(0, more - step)
    }
}

extension Int {
    fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(range.upperBound, Swift.max(range.lowerBound, self))
    }
}
