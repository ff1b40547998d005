// Guessing ahead, where it pays.

extension Scheduler {
    /// Guesses for streams, by their places in `running`, in a step that holds nothing else.
    mutating func drafts(for streams: [Int]) -> [Int: [TokenID]] {
        guard policy.maxDrafts > 0, !streams.isEmpty,
            let step = pacing.costs.decode(streams.count)
        else { return [:] }
        let draft = pacing.costs.draftToken ?? costOfAnotherStream(beside: streams.count, step)
        var left = min(
            limits.maxStepTokens - streams.count,
            Int((pacing.maxGap - step) / max(draft, 1e-9)).clamped(to: 0...limits.maxStepTokens)
        )
        var drafts: [Int: [TokenID]] = [:]
        for index in streams {
            let request = running[index]
            let room = min(
                request.maxTokens - request.usage.generated - 1,
                limits.contextLength - request.tokenCount - 1
            )
            guard min(room, left) > 0 else { continue }
            let guesses = running[index].speculation.guesses(
                atMost: min(room, left),
                streams: streams.count,
                step: step,
                draft: draft
            )
            left -= guesses.count
            if !guesses.isEmpty { drafts[index] = guesses }
        }
        return drafts
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
