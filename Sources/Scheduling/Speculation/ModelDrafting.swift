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
    /// Seconds that attempts may take which are not expected to pay; below zero where one took longer than was thought.
    private var attemptTime = 0.0
    /// For whom such an attempt is under way: it goes on until there were guesses.
    private(set) var attempt: RequestID?

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
    }

    /// A token step in which sequences decoded has taken so long.
    mutating func earnAttempts(_ seconds: Double) { attemptTime += Self.attemptShare * seconds }

    /// Begins an attempt if there is time for it, or goes on with one; what is saved up beyond it is lost.
    mutating func mayAttempt(_ id: RequestID, _ seconds: Double) -> Bool {
        guard attempt != id else { return true }
        guard seconds <= attemptTime else { return false }
        attemptTime = seconds
        attempt = id
        return true
    }

    /// Takes in what a draft step took, and whom it guessed for.
    mutating func spendAttempts(_ seconds: Double, on slices: [DraftSlice]) {
        guard let slice = slices.first(where: { $0.request == attempt }) else { return }
        attemptTime -= seconds
        if slice.guesses > 0 { attempt = nil }
    }

    /// Takes in what a draft step took.
    ///
    /// - Parameters:
    ///   - slices: What the step was made of.
    ///   - passes: How many guesses were made of the sequence that got most.
    ///   - seconds: Of the whole step.
    /// - Returns: The part of it in which it caught up on what it had not read.
    mutating func note(_ slices: [DraftSlice], passes: Int, seconds: Double) -> Double {
        let guessing = slices.count { $0.guesses > 0 }
        let unread = slices.reduce(0) { $0 + $1.unread }
        guard unread > 0 else {
            if passes > 0 { costs.note(StepLoad(decoding: guessing), seconds: seconds / Double(passes)) }
            return 0
        }
        // Reading alone takes a pass too, however little is read.
        let base = Double(max(1, passes)) * (costs.decode(max(1, guessing)) ?? 0)
        let rest = max(0, seconds - base)
        // Of a few tokens each is dear: they tell only that it may be less.
        let each = rest / Double(unread)
        if unread >= Self.telling || each < costs.promptTokenAlone ?? .infinity {
            costs.note(StepLoad(decoding: 0, promptTokens: unread), seconds: rest)
        }
        return passes > 0 ? rest : seconds
    }

    /// How many tokens are read in a step that tells what one costs.
    private static let telling = 16
}
