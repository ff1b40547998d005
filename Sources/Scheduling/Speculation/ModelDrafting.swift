/// What a scheduler knows of its draft model: what each of its sequences holds, what its steps cost, how good it is.
struct ModelDrafting: Sendable {
    /// False without a draft model, where drafts could not be taken back, and once a draft step has failed.
    private(set) var isOn: Bool
    /// Of draft steps: a pass for the next guess of so many sequences, and a token that it has not read.
    var costs: StepCosts
    /// By the number of the sequence.
    var memories: [DraftMemory]
    /// What the last draft step has guessed, for the token step behind it.
    var guesses: [RequestID: [TokenID]] = [:]
    /// Seconds of the draft step before the next token step; nil where there was none since the last one.
    var lastStep: Double?
    /// How good guesses were in all requests together: what is expected in the next one.
    var record = GuessRecord(memory: 0.98)
    /// Seconds that attempts may take which are not expected to pay.
    private(set) var attemptTime = 0.0

    /// The share of the time of token steps that such attempts may take.
    private static let attemptShare = 0.02

    init(isOn: Bool, sequences: Int, costs: StepCosts) {
        self.isOn = isOn
        self.costs = costs
        memories = Array(repeating: DraftMemory(), count: isOn ? sequences : 0)
    }

    /// No draft step from now on.
    mutating func switchOff() {
        isOn = false
        memories = []
        guesses = [:]
        lastStep = nil
    }

    /// A token step in which sequences decoded has taken so long.
    mutating func earnAttempts(_ seconds: Double) { attemptTime += Self.attemptShare * seconds }

    /// Begins an attempt, or goes on with one, if there is time for it; what is saved up beyond it is lost.
    mutating func mayAttempt(_ seconds: Double) -> Bool {
        guard seconds <= attemptTime else { return false }
        attemptTime = seconds
        return true
    }

    mutating func spendAttempts(_ seconds: Double) { attemptTime = max(0, attemptTime - seconds) }

    /// Takes in what a draft step took; gives the part of it in which it caught up on what it had not read.
    ///
    /// - Parameters:
    ///   - slices: What the step was made of.
    ///   - passes: How many guesses were made of the sequence that got most.
    ///   - seconds: Of the whole step.
    mutating func note(_ slices: [DraftSlice], passes: Int, seconds: Double) -> Double {
        let guessing = slices.count { $0.guesses > 0 }
        let unread = slices.reduce(0) { $0 + $1.unread }
        guard passes > 0, guessing > 0 else {
            costs.note(StepLoad(decoding: 0, promptTokens: unread), seconds: seconds)
            return seconds
        }
        guard unread > 0 else {
            costs.note(StepLoad(decoding: guessing), seconds: seconds / Double(passes))
            return 0
        }
        if let pass = costs.decode(guessing), seconds > pass * Double(passes) {
            let rest = seconds - pass * Double(passes)
            costs.note(StepLoad(decoding: 0, promptTokens: unread), seconds: rest)
            return rest
        }
        let rest = min(seconds, Double(unread) * (costs.promptTokenAlone ?? 0))
        costs.note(StepLoad(decoding: guessing), seconds: (seconds - rest) / Double(passes))
        return rest
    }
}
