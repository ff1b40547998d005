/// Looks up what a sequence goes on with in what it holds already: prompt and answer.
///
/// Text that quotes, edits or repeats goes on as it did before. After the idea of prompt look-up decoding (Saxena, 2023).
struct PromptLookup: Sendable {
    private var tokens: [TokenID] = []
    /// Where each run of `length` tokens ended last.
    private var lastEnds: [Run: Int] = [:]

    /// How many tokens have to be as they were for what followed to be a guess.
    private static let length = 3

    private struct Run: Hashable, Sendable {
        let first: TokenID
        let second: TokenID
        let third: TokenID
    }

    /// - Parameter items: The prompt, and what was generated.
    init(_ items: [PromptItem]) {
        tokens.reserveCapacity(items.count + 64)
        // Media is like no token.
        for item in items { append(item.token ?? -1) }
    }

    /// Takes in a token that was sampled.
    mutating func append(_ token: TokenID) {
        // What follows a run is only known once it is there.
        if let run = run(endingAt: tokens.count) { lastEnds[run] = tokens.count }
        tokens.append(token)
    }

    /// What followed the last tokens when they occurred before.
    func guesses(atMost most: Int) -> ArraySlice<TokenID> {
        guard most > 0, let run = run(endingAt: tokens.count), let end = lastEnds[run] else { return [] }
        return tokens[end..<min(tokens.count, end + most)].prefix { $0 >= 0 }
    }

    private func run(endingAt end: Int) -> Run? {
        guard end >= Self.length else { return nil }
        return Run(first: tokens[end - 3], second: tokens[end - 2], third: tokens[end - 1])
    }
}
