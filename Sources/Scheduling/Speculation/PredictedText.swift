/// Guesses from a text that somebody expects the answer to repeat.
///
/// As long as the answer goes along with it, what comes next in it is the guess; behind a place where it does not, from where
/// the answer's last tokens occur next.
struct PredictedText: Sendable {
    private let tokens: [TokenID]
    /// Where each run of tokens ends, ascending.
    private let ends: [TokenRun: [Int]]
    /// The place of the token that is expected next; nil where the answer has left the text.
    private var next: Int?
    /// Up to where the answer went along.
    private var reached = 0
    private var last: [TokenID] = []

    /// - Parameter tokens: Of the text; empty where there is none.
    init(_ tokens: [TokenID]) {
        self.tokens = tokens
        var ends: [TokenRun: [Int]] = [:]
        for end in tokens.indices.dropFirst(TokenRun.length - 1) {
            if let run = TokenRun(tokens[...end]) { ends[run, default: []].append(end + 1) }
        }
        self.ends = ends
        next = tokens.isEmpty ? nil : 0
    }

    /// Takes in a token that was sampled.
    mutating func append(_ token: TokenID) {
        guard !tokens.isEmpty else { return }
        last = last.suffix(TokenRun.length - 1) + [token]
        if let place = next, place < tokens.count, tokens[place] == token {
            next = place + 1
        } else {
            let places = TokenRun(last[...]).flatMap { ends[$0] } ?? []
            next = places.first { $0 > reached } ?? places.last
        }
        reached = next ?? reached
    }

    /// What comes next in the text.
    func guesses(atMost most: Int) -> ArraySlice<TokenID> {
        guard let next, most > 0 else { return [] }
        return tokens[next...].prefix(most)
    }
}

/// Tokens by which a place in a text is found again.
struct TokenRun: Hashable, Sendable {
    /// How many there are.
    static let length = 3

    private let first: TokenID
    private let second: TokenID
    private let third: TokenID

    /// The last tokens of a text; nil where it is shorter.
    init?(_ tokens: ArraySlice<TokenID>) {
        guard tokens.count >= Self.length else { return nil }
        let end = tokens.endIndex
        (first, second, third) = (tokens[end - 3], tokens[end - 2], tokens[end - 1])
    }
}

/// When guesses are made all the same that have not paid: rarely, and the more rarely the longer it goes on.
struct GuessProbe: Sendable {
    private var untilNext = 0
    private var interval = Self.first

    private static let first = 16
    private static let longest = 256

    /// Guesses pay again.
    mutating func reset() { interval = Self.first }

    /// Asked once for each step in which they do not.
    mutating func isDue() -> Bool {
        untilNext -= 1
        guard untilNext < 0 else { return false }
        interval = min(interval * 2, Self.longest)
        untilNext = interval
        return true
    }
}
