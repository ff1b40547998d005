import Scheduling

/// The draft model of a `CheckingBackend`: how good its guesses are.
package enum DraftSkill: CaseIterable, Sendable {
    case right, wrong
    /// Some guesses are right.
    case partly
    /// Right, and fewer than were asked for.
    case short
}

/// What a draft model's sequences hold, and the checks of what it is asked to do.
struct CheckingDraftModel {
    private(set) var memory: [[TokenID]]
    private let contextLength: Int
    private let skill: DraftSkill

    init(sequences: Int, contextLength: Int, skill: DraftSkill) {
        memory = Array(repeating: [], count: sequences)
        self.contextLength = contextLength
        self.skill = skill
    }

    /// Half of a step was done.
    mutating func spoil(_ slices: [DraftSlice]) {
        for slice in slices { memory[Int(slice.sequence.rawValue)].append(-7) }
    }

    /// Reads and guesses.
    ///
    /// - Parameters:
    ///   - slices: The step.
    ///   - main: What each of the main model's sequences holds.
    ///   - next: What the main model would sample behind these tokens, for a request.
    ///   - check: Told of each fault.
    /// - Returns: For each slice its guesses.
    mutating func run(
        _ slices: [DraftSlice],
        main: [[PromptItem]],
        next: ([PromptItem], RequestID) -> SampledToken?,
        check: (Bool, String) -> Void
    ) -> [[TokenID]] {
        check(contextLength > 0, "a draft step without a draft model")
        check(!slices.isEmpty, "an empty draft step")
        check(Set(slices.map(\.sequence)).count == slices.count, "a sequence twice in a draft step")
        return slices.map { slice in
            let place = Int(slice.sequence.rawValue)
            check(slice.position <= memory[place].count, "\(slice.sequence): a gap in the draft model's memory")
            memory[place].removeSubrange(min(slice.position, memory[place].count)...)
            memory[place] += slice.tokens
            let read = memory[place].map(PromptItem.token)
            let computed = main[place].prefix(read.count)
            check(read.starts(with: computed), "\(slice.sequence): the draft model has read something else")
            check(read.count <= main[place].count + 1, "the draft model has read what nobody has sampled")
            check(slice.guesses == 0 || read.count == main[place].count + 1, "a guess before all was read")
            var items = read
            var guesses: [TokenID] = []
            while guesses.count < slice.guesses, let right = next(items, slice.request) {
                let guess = guess(right.token, guesses.count)
                guesses.append(guess)
                items.append(.token(guess))
                if right.endsGeneration || skill == .short && guesses.count == 1 { break }
            }
            memory[place] += guesses.dropLast()
            check(memory[place].count <= contextLength, "more than the context in a draft model's sequence")
            return guesses
        }
    }

    private func guess(_ right: TokenID, _ place: Int) -> TokenID {
        let isRight =
            switch skill {
            case .right, .short: true
            case .wrong: false
            case .partly: (Int(right) + place) % 3 != 0
            }
        return isRight ? right : (right + 1) % 1000
    }
}
