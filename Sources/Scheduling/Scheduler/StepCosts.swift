/// What is in a token step, by what it costs.
package struct StepLoad: Sendable, Equatable {
    /// Sequences that decode.
    package var decoding: Int
    /// Tokens that were guessed ahead.
    package var drafts: Int
    package var promptTokens: Int

    package init(decoding: Int, drafts: Int = 0, promptTokens: Int = 0) {
        self.decoding = decoding
        self.drafts = drafts
        self.promptTokens = promptTokens
    }
}

/// How long steps take, as running averages of those that were done: what chunks of prompts are sized by.
///
/// Times are in seconds. A step's time is taken for the sum of a part that depends on how many sequences decode in it, a
/// part for each prompt token, and one for each guessed token; a prompt token is dearer in the small chunks beside running
/// streams than in large ones.
package struct StepCosts: Sendable, Equatable {
    /// Of steps without prompt tokens, by the number of decoding sequences.
    private var decoding: [Int: Double] = [:]
    private var promptTokenBesideStreams: Double?
    /// The time of one prompt token in a step without streams, or nil where none was seen.
    package private(set) var promptTokenAlone: Double?
    /// Of steps with guessed tokens, by the number of decoding sequences: what all of them together add to a step.
    private var draftSteps: [Int: Double] = [:]
    /// And what each of them does.
    private var draftTokens: [Int: Double] = [:]

    /// The weight of a new observation; a larger one for prompts, whose tokens cost more as the prompt gets longer.
    private static let weight = 0.2
    private static let promptWeight = 0.5

    package init() {}

    /// Takes in what one step took.
    package mutating func note(_ load: StepLoad, seconds: Double) {
        if load.drafts > 0 {
            guard load.promptTokens == 0, let plain = decode(load.decoding) else { return }
            let more = max(0, seconds - plain)
            let each = more / Double(load.drafts)
            draftSteps[load.decoding] = Self.average(draftSteps[load.decoding], more, Self.weight)
            draftTokens[load.decoding] = Self.average(draftTokens[load.decoding], each, Self.weight)
            return
        }
        guard load.promptTokens > 0 else {
            if load.decoding > 0 {
                decoding[load.decoding] = Self.average(decoding[load.decoding], seconds, Self.weight)
            }
            return
        }
        let rest = load.decoding > 0 ? seconds - (decode(load.decoding) ?? 0) : seconds
        guard rest > 0 else {
            // It took less than decoding alone is thought to: that was too much.
            decoding[load.decoding] = seconds
            return
        }
        let each = rest / Double(load.promptTokens)
        if load.decoding > 0 {
            promptTokenBesideStreams = Self.average(promptTokenBesideStreams, each, Self.promptWeight)
        } else {
            promptTokenAlone = Self.average(promptTokenAlone, each, Self.promptWeight)
        }
    }

    /// Whether a step was seen in which so many sequences decoded and nothing else was done.
    package func hasSeen(_ count: Int) -> Bool { decoding[count] != nil }

    /// The time of a step in which so many sequences decode, or nil where nothing like it was seen.
    package func decode(_ count: Int) -> Double? {
        if let known = decoding[count] { return known }
        let below = decoding.filter { $0.key < count }.max { $0.key < $1.key }
        let above = decoding.filter { $0.key > count }.min { $0.key < $1.key }
        switch (below, above) {
        case (let below?, let above?):
            let share = Double(count - below.key) / Double(above.key - below.key)
            return below.value + share * (above.value - below.value)
        // At worst, sequences cost each what they do alone.
        case (let below?, nil): return below.value * Double(count) / Double(below.key)
        case (nil, let above?): return above.value
        case (nil, nil): return nil
        }
    }

    /// What a guessed token adds to a step in which so many sequences decode, or about so many; nil where none was seen.
    package func draftToken(_ count: Int) -> Double? {
        draftTokens[count] ?? draftTokens.min { (abs($0.key - count), $0.key) < (abs($1.key - count), $1.key) }?.value
    }

    /// What guessed tokens, however few, add to a step in which so many sequences decode, or nil where none was seen.
    ///
    /// Sequences of a batch that have more tokens than the others take a pass of their own.
    package func draftStep(_ count: Int) -> Double? { draftSteps[count] }

    /// The time of one prompt token beside running streams, or nil where none was seen.
    package var promptToken: Double? { promptTokenBesideStreams ?? promptTokenAlone.map { $0 * 2 } }

    /// The time of a step, or nil where nothing like it was seen.
    package func estimate(_ load: StepLoad) -> Double? {
        guard let decoding = load.decoding > 0 ? decode(load.decoding) : 0,
            let each = load.promptTokens == 0 ? 0 : load.decoding > 0 ? promptToken : promptTokenAlone
        else { return nil }
        return decoding + Double(load.promptTokens) * each + Double(load.drafts) * (draftToken(load.decoding) ?? 0)
    }

    private static func average(_ old: Double?, _ new: Double, _ weight: Double) -> Double {
        old.map { $0 + weight * (new - $0) } ?? new
    }
}
