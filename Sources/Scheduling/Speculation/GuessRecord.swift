/// How often guesses of one kind were right, and so how many of them pay.
struct GuessRecord: Sendable {
    /// Guesses that were right, and guesses that were tested, the recent ones weighing more.
    private var right: Double
    private var tested: Double
    /// What a later one leaves of an observation's weight.
    private let memory: Double

    /// - Parameters:
    ///   - acceptance: What is expected of guesses before any was tested.
    ///   - memory: What a later observation leaves of an earlier one's weight.
    init(acceptance: Double = 0.7, memory: Double = 0.9) {
        right = 2 * acceptance
        tested = 2
        self.memory = memory
    }

    /// Takes in what became of guesses.
    mutating func note(drafted: Int, accepted: Int) {
        guard drafted > 0 else { return }
        right = right * memory + Double(accepted)
        tested = tested * memory + Double(min(drafted, accepted + 1))
    }

    /// The share of the guesses that were right, of those before which all were right.
    var acceptance: Double { right / tested }

    /// How many of so many guesses are expected to be right, each behind right ones.
    func expectedRight(of count: Int) -> Double {
        var right = 0.0
        var chance = 1.0
        for _ in 0..<max(0, count) {
            chance *= acceptance
            right += chance
        }
        return right
    }

    /// A number of guesses, and what they are expected to bring.
    struct Choice: Sendable {
        var count: Int
        /// How many of them are right.
        var accepted: Double
        /// Tokens a second of all sequences in the step together.
        var rate: Double
        /// Seconds that they save: the time in which as many tokens would have come without them, less what they cost.
        var saved: Double
    }

    /// The number of guesses by which all sequences together get most tokens a second.
    ///
    /// - Parameters:
    ///   - most: The most guesses that there is room for.
    ///   - streams: How many sequences decode in the step: a longer step is a longer one for all of them.
    ///   - step: Seconds of the step without guesses.
    ///   - each: Seconds that each guess adds.
    /// - Returns: A count of 0 where none pays.
    func best(atMost most: Int, streams: Int, step: Double, each: Double) -> Choice {
        let alone = Double(streams) / step
        var best = Choice(count: 0, accepted: 0, rate: alone, saved: 0)
        var accepted = 0.0
        var chance = 1.0
        for count in stride(from: 1, through: most, by: 1) {
            chance *= acceptance
            accepted += chance
            let cost = Double(count) * each
            let rate = (Double(streams) + accepted) / (step + cost)
            if rate > best.rate {
                best = Choice(count: count, accepted: accepted, rate: rate, saved: accepted / alone - cost)
            }
        }
        return best
    }
}
