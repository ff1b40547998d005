/// `logprobs` of text completions: four lists, each with an entry for every token.
package struct CompletionLogprobs: Sendable, Equatable {
    private struct Row: Sendable, Equatable {
        let token: String
        /// Nil for the first token of a prompt: nothing comes before it.
        let logprob: Double?
        /// Texts of tokens, likeliest first.
        let top: [(text: String, logprob: Double)]
        let offset: Int

        static func == (left: Self, right: Self) -> Bool {
            left.token == right.token && left.logprob == right.logprob && left.offset == right.offset
                && left.top.map(\.text) == right.top.map(\.text) && left.top.map(\.logprob) == right.top.map(\.logprob)
        }
    }

    private var rows: [Row] = []

    /// In llama.cpp's forms, which tell of tokens one by one.
    private var tokens: [TokenLogprob] = []

    /// How many characters have begun before the next token.
    private var characters: Int

    /// - Parameter offset: How many characters of the text come before the first token.
    package init(offset: Int = 0) { characters = offset }

    package var isEmpty: Bool { rows.isEmpty }

    /// What follows from here on, with offsets that go on.
    package var successor: Self { Self(offset: characters) }

    /// Adds what follows, whose offsets go on from here.
    package mutating func append(contentsOf more: Self) {
        rows += more.rows
        tokens += more.tokens
        characters = more.characters
    }

    /// Adds the first token of a prompt, of which nothing can be told.
    package mutating func append(first bytes: [UInt8]) { append(bytes, logprob: nil, top: []) }

    package mutating func append(_ token: TokenLogprob) {
        if token.form != .openAI { tokens.append(token) }
        var top: [(text: String, logprob: Double)] = []
        // OpenAI's always have the chosen token, and so may have one more than was asked for.
        for entry in token.top + [token.chosen] where !top.contains(where: { $0.text == entry.completionText }) {
            top.append((entry.completionText, entry.logprob))
        }
        append(token.chosen.bytes, logprob: token.chosen.logprob, top: top)
    }

    private mutating func append(_ bytes: [UInt8], logprob: Double?, top: [(text: String, logprob: Double)]) {
        let begins = bytes.first.map { !UTF8.isContinuation($0) } ?? true
        let text = TokenLogprob.Entry(bytes: bytes, logprob: 0).completionText
        rows.append(Row(token: text, logprob: logprob, top: top, offset: begins ? characters : max(0, characters - 1)))
        characters += bytes.count { !UTF8.isContinuation($0) }
    }
}

extension CompletionLogprobs: JSONRepresentable {
    package var json: JSONValue {
        if !tokens.isEmpty { return ["content": .array(tokens.map(\.chatJSON))] }
        return [
            "tokens": .array(rows.map { .string($0.token) }),
            "token_logprobs": .array(rows.map { row in row.logprob.map { .number(max($0, -9999)) } ?? .null }),
            "top_logprobs": .array(
                rows.map { row in
                    guard row.logprob != nil else { return .null }
                    return .object(JSONObject(row.top.map { ($0.text, .number(max($0.logprob, -9999))) }))
                }
            ),
            "text_offset": .array(rows.map { JSONValue($0.offset) }),
        ]
    }
}

extension TokenLogprob.Entry {
    /// The token as text completions name it: its text, or where that is not whole characters, its bytes.
    package var completionText: String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let digits = Array("0123456789abcdef")
        return "bytes:" + bytes.map { "\\x\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
    }
}
