/// Where guesses come from.
package enum DraftSource: String, Sendable, CaseIterable {
    /// What followed the same tokens in the request itself.
    case lookup
    /// A text that the request expects the answer to repeat.
    case prediction
    /// A second, smaller model.
    case model
}

/// How many tokens were guessed ahead, by where the guesses came from, and how many of them were right.
package struct DraftCounts: Sendable, Equatable {
    package private(set) var drafted: [DraftSource: UInt64] = [:]
    package private(set) var accepted: [DraftSource: UInt64] = [:]

    package init() {}

    mutating func note(_ source: DraftSource, drafted: Int, accepted: Int) {
        self.drafted[source, default: 0] += UInt64(drafted)
        self.accepted[source, default: 0] += UInt64(accepted)
    }

    static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.drafted.merge(right.drafted, uniquingKeysWith: +)
        sum.accepted.merge(right.accepted, uniquingKeysWith: +)
        return sum
    }
}
