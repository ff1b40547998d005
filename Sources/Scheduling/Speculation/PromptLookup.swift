/// Looks up what a sequence goes on with in what it holds already: prompt and answer.
///
/// Text that quotes, edits or repeats goes on as it did before. After the idea of prompt look-up decoding (Saxena, 2023).
struct PromptLookup: Sendable {
    private var tokens: [TokenID] = []
    /// Where each run of tokens ended last.
    private var lastEnds: [TokenRun: Int] = [:]

    /// - Parameter items: The prompt, and what was generated.
    init(_ items: [PromptItem]) {
        tokens.reserveCapacity(items.count + 64)
        // Media is like no token.
        for item in items { append(item.token ?? -1) }
    }

    /// Takes in a token that was sampled.
    mutating func append(_ token: TokenID) {
        // What follows a run is only known once it is there.
        if let run = TokenRun(tokens[...]) { lastEnds[run] = tokens.count }
        tokens.append(token)
    }

    /// What followed the last tokens when they occurred before.
    func guesses(atMost most: Int) -> ArraySlice<TokenID> {
        guard most > 0, let run = TokenRun(tokens[...]), let end = lastEnds[run] else { return [] }
        return tokens[end..<min(tokens.count, end + most)].prefix { $0 >= 0 }
    }
}
