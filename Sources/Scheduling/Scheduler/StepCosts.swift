/// How long steps take, as running averages of those that were done: what chunks of prompts are sized by.
///
/// Times are in seconds. A step's time is taken for the sum of a part that depends on how many sequences decode in it and
/// a part for each prompt token; the second is dearer in the small chunks beside running streams than in large ones.
package struct StepCosts: Sendable, Equatable {
    /// Of steps without prompt tokens, by the number of decoding sequences.
    private var decoding: [Int: Double] = [:]
    private var promptTokenBesideStreams: Double?
    /// The time of one prompt token in a step without streams, or nil where none was seen.
    package private(set) var promptTokenAlone: Double?

    /// The weight of a new observation.
    private static let weight = 0.2

    package init() {}

    /// Takes in what one step took.
    package mutating func note(decoding count: Int, promptTokens: Int, seconds: Double) {
        guard promptTokens > 0 else {
            if count > 0 { decoding[count] = Self.average(decoding[count], seconds) }
            return
        }
        let rest = count > 0 ? seconds - (decode(count) ?? 0) : seconds
        guard rest > 0 else {
            // It took less than decoding alone is thought to: that was too much.
            decoding[count] = seconds
            return
        }
        let each = rest / Double(promptTokens)
        if count > 0 {
            promptTokenBesideStreams = Self.average(promptTokenBesideStreams, each)
        } else {
            promptTokenAlone = Self.average(promptTokenAlone, each)
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

    /// The time of one prompt token beside running streams, or nil where none was seen.
    package var promptToken: Double? { promptTokenBesideStreams ?? promptTokenAlone.map { $0 * 2 } }

    private static func average(_ old: Double?, _ new: Double) -> Double {
        old.map { $0 + weight * (new - $0) } ?? new
    }
}
