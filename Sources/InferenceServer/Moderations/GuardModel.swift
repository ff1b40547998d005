import WireFormat

/// Models that were trained to say whether a text is safe, in Llama Guard's form: `safe`, or `unsafe` and on the next line the
/// codes of what is not.
///
/// The codes are those of MLCommons' taxonomy, as Llama Guard 3 has them (Llama Guard's model card).
enum GuardModel {
    /// Whether a model is one, by what it is called.
    static func isOne(_ id: String) -> Bool {
        id.lowercased().filter { $0.isLetter || $0.isNumber }.contains("llamaguard")
    }

    /// What each code, from S1 on, is called by OpenAI; nothing where it has no such category.
    static let codes: [[ModerationCategory]] = [
        // Violent crimes.
        [.violence, .illicitViolent],
        // Other crimes.
        [.illicit],
        // Sexual crimes.
        [.sexual, .illicit],
        // Sexual exploitation of children.
        [.sexualMinors, .sexual],
        // Defamation.
        [.harassment],
        // Specialized advice, privacy, intellectual property.
        [], [], [],
        // Weapons of mass destruction.
        [.illicitViolent, .illicit],
        [.hate],
        // Suicide and self-harm.
        [.selfHarm],
        [.sexual],
        // Elections.
        [],
        // Abuse of code interpreters.
        [.illicit],
    ]

    /// All answers of one code, `safe` first.
    static let verdicts = ["safe"] + codes.indices.map { "unsafe\nS\($0 + 1)" }

    /// What the shares of the verdicts come to: the score of a category is the share of all codes that belong to it.
    ///
    /// A text that is more likely unsafe than safe is flagged by the categories of its likeliest code at least.
    ///
    /// - Parameter shares: Of the verdicts, in their order; together 1.
    /// - Returns: Scores between 0 and 1.
    static func result(_ shares: [Double]) -> Moderation.Result {
        var scores: [ModerationCategory: Double] = [:]
        for (categories, share) in zip(codes, shares.dropFirst()) {
            for category in categories { scores[category, default: 0] += share }
        }
        scores = scores.mapValues { min(1, $0) }
        var flagged = Set(scores.filter { $0.value >= 0.5 }.keys)
        if let safe = shares.first, safe <= 0.5,
            let likeliest = zip(codes, shares.dropFirst()).max(by: { $0.1 < $1.1 })
        {
            flagged.formUnion(likeliest.0)
        }
        return Moderation.Result(scores: scores, flagged: flagged)
    }
}
