// Asking the draft model, where its guesses pay.

extension Scheduler {
    /// A stream for which the draft model could guess.
    private struct Wish {
        let index: Int
        /// How many tokens the draft model holds of it, and how many it lacks.
        let held: Int
        let missing: Int
        /// The most guesses that there is room for.
        let room: Int
        var guesses = 0

        var unread: Int { max(0, missing - DraftSlice.readAlong) }
    }

    /// What a step of these streams costs, and what guesses in it do, in seconds.
    private struct Prices {
        let streams: Int
        let step: Double
        /// The check of one guess.
        let check: Double
        /// Of the draft model.
        let draft: StepCosts

        /// A pass of the draft model for so many streams; nil while nothing is known.
        func pass(_ count: Int) -> Double? { draft.decode(count) }

        /// A token that the draft model has not read; nil while nothing is known.
        var read: Double? { draft.promptTokenAlone }

        /// Seconds of reading; as much as a pass where it is a step of its own, however little is read.
        func cost(ofReading tokens: Int) -> Double {
            tokens > 0 ? (pass(1) ?? 0) + Double(tokens) * (read ?? pass(1) ?? 0) : 0
        }
    }

    /// A step of the draft model, or nil where none would pay: guesses for the token step behind it, for all streams that
    /// want some, or what it has not read yet of their texts, in chunks as a prompt's.
    ///
    /// Both steps together keep to the gap.
    mutating func draftStep(for streams: [Int]) -> Step? {
        guard drafting.isOn, drafting.lastStep == nil, let step = pacing.costs.decode(streams.count) else { return nil }
        let prices = Prices(
            streams: streams.count,
            step: step,
            check: costOfGuess(beside: streams.count, step),
            draft: drafting.costs
        )
        let wishes = streams.compactMap { wish(of: $0) }
        var chosen = paying(wishes, prices)
        if chosen.isEmpty, let attempt = attempt(wishes, prices) { chosen = [attempt] }
        let slices = slices(for: chosen, prices)
        guard !slices.isEmpty else { return nil }
        drafting.lastStep = 0
        return .draft(slices)
    }

    private mutating func wish(of index: Int) -> Wish? {
        let request = running[index]
        let room = min(roomForGuesses(request), limits.draftContextLength - request.items.count)
        guard !request.generation.hasMedia, room > 0 else { return nil }
        let held = drafting.memories[slotIndex(request.sequence)].held(of: request)
        return Wish(index: index, held: held, missing: request.items.count - held, room: room)
    }

    /// Those for which the draft model's guesses are worth more than looked-up ones and than what they cost; what they
    /// share is shared by those that are left.
    private func paying(_ wishes: [Wish], _ prices: Prices) -> [Wish] {
        var chosen = wishes
        while let pass = prices.pass(chosen.count), !chosen.isEmpty {
            let each = prices.check + pass / Double(chosen.count)
            let left = chosen.compactMap { paying($0, each: each, prices) }
            if left.count == chosen.count { return left }
            chosen = left
        }
        return []
    }

    private func paying(_ wish: Wish, each: Double, _ prices: Prices) -> Wish? {
        let request = running[wish.index]
        let most = min(wish.room, policy.maxDrafts)
        let best = request.speculation.model.best(
            atMost: most,
            streams: prices.streams,
            step: prices.step,
            each: each
        )
        let lookup = request.speculation.lookupRate(
            atMost: most,
            streams: prices.streams,
            step: prices.step,
            draft: prices.check
        )
        let steps = answerLength.remaining(request.usage.generated, request.maxTokens) / (1 + best.accepted)
        guard best.count > 0, best.rate > lookup, steps * best.saved > prices.cost(ofReading: wish.unread) else {
            return nil
        }
        var wish = wish
        wish.guesses = best.count
        return wish
    }

    /// A try of the draft model though it is not expected to pay: what a text is like changes, and so do costs.
    ///
    /// Such attempts take a small share of all time, whatever they cost.
    private mutating func attempt(_ wishes: [Wish], _ prices: Prices) -> Wish? {
        func order(_ wish: Wish) -> (Int, Int, Int) {
            let request = running[wish.index]
            return (request.id == drafting.attempt ? 0 : 1, request.speculation.attempts, wish.missing)
        }
        guard var wish = wishes.min(by: { order($0) < order($1) }) else { return nil }
        wish.guesses = min(2, wish.room, policy.maxDrafts)
        if let pass = prices.pass(1) {
            let id = running[wish.index].id
            let guessing = Double(wish.guesses) * (pass + prices.check)
            let isNew = id != drafting.attempt
            guard drafting.mayAttempt(id, prices.cost(ofReading: wish.unread) + guessing) else { return nil }
            if isNew { running[wish.index].speculation.attempts += 1 }
        }
        return wish
    }

    /// The least unread first; at most half of the time that the gap leaves is for reading.
    private mutating func slices(for wishes: [Wish], _ prices: Prices) -> [DraftSlice] {
        let time = max(0, pacing.maxGap - prices.step)
        var tokens = limits.maxStepTokens
        let reading = max(0, time / 2 - (prices.pass(1) ?? 0))
        var unread = prices.read.map { Int(min(1e9, reading / max($0, 1e-9))) } ?? policy.firstChunk
        if !pacing.hasCredit { unread = 0 }
        var guessing: [Wish] = []
        var chunks: [DraftSlice] = []
        for wish in wishes.sorted(by: { ($0.missing, $0.index) < ($1.missing, $1.index) }) {
            if wish.unread == 0 {
                guard wish.missing <= tokens else { continue }
                guessing.append(wish)
                tokens -= wish.missing
            } else {
                // A step of its own: how long it takes is less certain, and guesses that came late could not be checked in
                // time. The last token is read with the first guess.
                let count = min(wish.missing - 1, tokens, unread)
                guard count > 0 else { continue }
                chunks.append(slice(of: wish, count: count, guesses: 0))
                tokens -= count
                unread -= count
            }
        }
        guard !guessing.isEmpty else { return chunks }
        let read = chunks.reduce(0) { $0 + $1.tokens.count }
        let level = (prices.pass(guessing.count) ?? 0) + Double(guessing.count) * prices.check
        let depth = Int(min(1e9, (time - prices.cost(ofReading: read)) / max(level, 1e-9)))
        guard depth > 0 else { return chunks }
        return guessing.map { slice(of: $0, count: $0.missing, guesses: min($0.guesses, depth)) } + chunks
    }

    private func slice(of wish: Wish, count: Int, guesses: Int) -> DraftSlice {
        let request = running[wish.index]
        return DraftSlice(
            request: request.id,
            sequence: request.sequence,
            position: wish.held,
            tokens: request.items[wish.held..<wish.held + count].compactMap(\.token),
            guesses: guesses
        )
    }

    /// Takes in what became of a draft step; nobody is hurt where it failed: there are no more of them then.
    mutating func commit(_ slices: [DraftSlice], _ outcome: StepOutcome, seconds: Double) {
        guard drafting.isOn else { return }
        // Whatever came of it, it took its time from the gap.
        drafting.lastStep = seconds
        drafting.spendAttempts(seconds, on: slices)
        switch outcome {
        case .drafted(let guesses) where guesses.count == slices.count:
            let passes = guesses.map(\.count).max() ?? 0
            let reading = drafting.note(slices, passes: passes, seconds: seconds)
            pacing.noteDrafts(guessing: seconds - reading, reading: reading)
            for (slice, guessed) in zip(slices, guesses) {
                drafting.memories[slotIndex(slice.sequence)].set(
                    from: slice.position,
                    to: slice.tokens + guessed.dropLast()
                )
                if !guessed.isEmpty { drafting.guesses[slice.request] = guessed }
            }
        case .aborted:
            for slice in slices { drafting.memories[slotIndex(slice.sequence)].forget() }
        default:
            drafting.switchOff()
        }
    }
}
