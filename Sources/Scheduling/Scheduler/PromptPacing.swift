/// How many prompt tokens go into steps in which streams decode.
///
/// Two bounds. The gap: such a step takes at most `maxGap`. The share: however long prompts keep coming, streams keep at
/// least a quarter of the rate that they have alone, so over time prompts get at most three times what decoding takes;
/// a chunk is spent from that credit, and steps that only decode earn it back. Within the two, prompts get all there is,
/// in chunks as large as the gap allows, since larger ones cost less a token.
struct PromptPacing: Sendable {
    /// Seconds.
    let maxGap: Double
    /// The fewest prompt tokens that are worth a place in a step: on a model for which even they take longer than the
    /// gap, it is the gap that yields.
    let smallestChunk: Int
    /// The most, while nothing is known of the costs.
    let firstChunk: Int

    /// Seconds that a step without streams takes at most while no other engine has something to do, and its most tokens.
    let maxStepAlone: Double
    let largestChunk: Int

    /// Whether other engines take turns with this one: their streams wait for a step as this one's do.
    var sharesCores = false

    var costs: StepCosts
    /// Seconds that prompts may take; below zero, they wait.
    private var credit = 0.0

    private static let promptShare = 3.0

    init(
        maxGap: Double,
        smallestChunk: Int,
        firstChunk: Int,
        maxStepAlone: Double,
        largestChunk: Int,
        costs: StepCosts
    ) {
        self.maxGap = maxGap
        self.smallestChunk = smallestChunk
        self.firstChunk = firstChunk
        self.maxStepAlone = maxStepAlone
        self.largestChunk = largestChunk
        self.costs = costs
    }

    /// The prompt tokens for the next step, in which so many streams decode.
    func promptTokens(decoding count: Int) -> Int {
        guard count > 0 else {
            guard let each = costs.promptTokenAlone else {
                return min(largestChunk, sharesCores ? firstChunk : 4 * firstChunk)
            }
            return min(largestChunk, max(smallestChunk, Int(longestStepWithoutStreams / each)))
        }
        // So many streams have never been alone in a step: their part of it is learned first.
        guard credit >= 0, costs.hasSeen(count) else { return 0 }
        guard let decode = costs.decode(count), let each = costs.promptToken else { return firstChunk }
        return max(smallestChunk, Int((maxGap - decode) / each))
    }

    /// Seconds that a part of an encoding may take, between whose parts so many streams decode.
    func encodingSeconds(decoding count: Int) -> Double {
        guard count > 0 else { return longestStepWithoutStreams }
        return max(Self.shortestPart, (sharesCores ? maxGap / 2 : maxGap) - (costs.decode(count) ?? maxGap / 2))
    }

    /// Seconds: less is not worth leaving off and taking up again.
    private static let shortestPart = 0.005

    /// Seconds that a step in which nobody decodes takes at most; with the step of another engine that waits for it, it
    /// holds to the gap.
    var longestStepWithoutStreams: Double { sharesCores ? min(maxGap / 2, maxStepAlone) : maxStepAlone }

    /// Takes in what an embedding step took.
    mutating func note(embeddedTokens tokens: Int, seconds: Double) {
        costs.note(embeddedTokens: tokens, seconds: seconds)
    }

    /// Takes in what a step of media took, with what it read: it takes its time from streams as prompts do.
    mutating func note(mediaTokens tokens: Int, besideStreams hasStreams: Bool, seconds: Double) {
        if tokens > 0 { costs.note(StepLoad(decoding: 0, promptTokens: tokens), seconds: seconds) }
        credit = hasStreams ? credit - seconds : 0
    }

    /// Whether nobody has had more than a prompt's share of the streams' time.
    var hasCredit: Bool { credit >= 0 }

    /// Takes in what a step of the draft model took: its guesses are the streams' own, what it reads is a prompt like others.
    ///
    /// The token step behind it bounds what is saved up.
    mutating func noteDrafts(guessing: Double, reading: Double) { credit += Self.promptShare * guessing - reading }

    /// Takes in what a step took.
    mutating func note(_ load: StepLoad, seconds: Double) {
        costs.note(load, seconds: seconds)
        guard load.decoding > 0 else {
            credit = 0
            return
        }
        // A step without prompts is the streams' whole, whatever they do with it.
        let decode = load.promptTokens == 0 ? seconds : min(seconds, costs.decode(load.decoding) ?? seconds)
        credit += Self.promptShare * decode - (seconds - decode)
        // No more is saved up than one step earns, for the chunk that comes next: it would be a burst later.
        credit = min(credit, Self.promptShare * decode)
    }
}
