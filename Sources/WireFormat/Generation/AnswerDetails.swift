/// What llama.cpp's requests ask to be told of an answer beside its text, and where they have it end.
package struct AnswerDetails: Sendable, Equatable {
    /// What probabilities of tokens are told as.
    package var logprobForm = TokenLogprob.Form.openAI

    /// Whether the ids of the answer's tokens are told.
    package var tellsTokens = false

    /// Whether each piece tells how long it took so far.
    package var tellsTimings = false

    /// Whether a stream tells how much of the prompt is computed.
    package var tellsProgress = false

    /// The members that a whole answer of llama-server's form has; empty for all.
    package var fields: [String] = []

    /// With how many spaces and tabs a line begins at least; the answer ends where the first line with fewer does.
    ///
    /// The answer's first line begins where the prompt ends, and is not looked at.
    package var minimumIndent = 0

    /// The answer ends with the first line that ends so long after its first token.
    package var timeLimit: Duration?

    package init() {}
}

extension AnswerDetails {
    private enum Parameters {
        static let count = Parameter("n_probs", IntegerShape(minimum: 0, maximum: 100))
        static let isDrawn = Parameter("post_sampling_probs", BooleanShape())
        static let tokens = Parameter("return_tokens", BooleanShape())
        static let timings = Parameter("timings_per_token", BooleanShape())
        static let progress = Parameter("return_progress", BooleanShape())
        static let indent = Parameter("n_indent", IntegerShape(minimum: 0, maximum: 1_000))
        static let timeLimit = Parameter("t_max_predict_ms", IntegerShape(minimum: -1, maximum: Int64(Int32.max)))
        static let fields = Parameter(
            "response_fields",
            ListShape(of: StringShape(maximumLength: 200), maximumCount: 64)
        )
    }

    /// Reads them.
    ///
    /// - Returns: How many of the likeliest tokens are told beside each, where they are asked for by llama.cpp's name.
    static func read(_ reader: inout ObjectReader) throws(APIError) -> (details: Self, logprobs: Int?) {
        var details = Self()
        let count = try reader.optional(Parameters.count).map { Int($0) } ?? 0
        let isDrawn = try reader.optional(Parameters.isDrawn) ?? false
        guard !isDrawn || count > 0 else {
            throw .invalidValue(
                "The 'post_sampling_probs' parameter is only allowed with 'n_probs', which says how many are told.",
                at: reader.path.member("post_sampling_probs")
            )
        }
        if count > 0 { details.logprobForm = isDrawn ? .llamaDrawn : .llama }
        details.tellsTokens = try reader.optional(Parameters.tokens) ?? false
        details.tellsTimings = try reader.optional(Parameters.timings) ?? false
        details.tellsProgress = try reader.optional(Parameters.progress) ?? false
        details.minimumIndent = try reader.optional(Parameters.indent).map { Int($0) } ?? 0
        details.timeLimit = try reader.optional(Parameters.timeLimit).flatMap { $0 > 0 ? .milliseconds($0) : nil }
        return (details, count > 0 ? count : nil)
    }

    /// Reads which members of an answer are told.
    static func readFields(_ reader: inout ObjectReader) throws(APIError) -> [String] {
        try reader.optional(Parameters.fields) ?? []
    }
}

/// How long an answer took so far, as llama.cpp tells it.
package struct AnswerTimings: Sendable, Equatable {
    /// Of the prompt's tokens, those that were in the cache and those that were computed.
    package var cachedTokens: Int
    package var promptTokens: Int

    /// From the request's submission to the first token.
    package var promptDuration: Duration
    package var predictedTokens: Int

    /// From the first token to the last.
    package var predictedDuration: Duration

    /// How many tokens were guessed ahead, and how many of them were right; known at the end.
    package var draftedTokens: Int
    package var acceptedTokens: Int

    package init(
        cachedTokens: Int,
        promptTokens: Int,
        promptDuration: Duration,
        predictedTokens: Int,
        predictedDuration: Duration,
        draftedTokens: Int = 0,
        acceptedTokens: Int = 0
    ) {
        self.cachedTokens = cachedTokens
        self.promptTokens = promptTokens
        self.promptDuration = promptDuration
        self.predictedTokens = predictedTokens
        self.predictedDuration = predictedDuration
        self.draftedTokens = draftedTokens
        self.acceptedTokens = acceptedTokens
    }

    /// Of several answers side by side: all their tokens, in the time of the slowest.
    package static func + (left: Self, right: Self) -> Self {
        Self(
            cachedTokens: left.cachedTokens + right.cachedTokens,
            promptTokens: left.promptTokens + right.promptTokens,
            promptDuration: max(left.promptDuration, right.promptDuration),
            predictedTokens: left.predictedTokens + right.predictedTokens,
            predictedDuration: max(left.predictedDuration, right.predictedDuration),
            draftedTokens: left.draftedTokens + right.draftedTokens,
            acceptedTokens: left.acceptedTokens + right.acceptedTokens
        )
    }
}

extension AnswerTimings: JSONRepresentable {
    package var json: JSONValue {
        func rates(_ name: String, _ count: Int, _ duration: Duration) -> [(String, JSONValue)] {
            let milliseconds = duration / .milliseconds(1)
            return [
                ("\(name)_n", JSONValue(count)), ("\(name)_ms", .number(milliseconds)),
                ("\(name)_per_token_ms", .number(count > 0 ? milliseconds / Double(count) : 0)),
                ("\(name)_per_second", .number(milliseconds > 0 ? 1_000 * Double(count) / milliseconds : 0)),
            ]
        }
        var object = JSONObject(
            [("cache_n", JSONValue(cachedTokens))] + rates("prompt", promptTokens, promptDuration)
                + rates("predicted", predictedTokens, predictedDuration)
        )
        if draftedTokens > 0 {
            object.append("draft_n", JSONValue(draftedTokens))
            object.append("draft_n_accepted", JSONValue(acceptedTokens))
        }
        return .object(object)
    }
}

/// How much of a prompt is computed.
package struct PromptProgress: Sendable, Equatable {
    package let total: Int
    package let cached: Int

    /// With those that were in the cache.
    package let processed: Int

    /// Since the request's submission.
    package let duration: Duration

    package init(total: Int, cached: Int, processed: Int, duration: Duration) {
        self.total = total
        self.cached = cached
        self.processed = processed
        self.duration = duration
    }
}

extension PromptProgress: JSONRepresentable {
    package var json: JSONValue {
        [
            "total": JSONValue(total), "cache": JSONValue(cached), "processed": JSONValue(processed),
            "time_ms": .integer(Int64(duration / .milliseconds(1))),
        ]
    }
}

/// What a piece of an answer, or all of it, tells beside its text, as far as it was asked for.
package struct ToldDetails: Sendable, Equatable {
    /// Ids of the tokens that were generated since the last piece.
    package var tokens: [Int]?
    package var timings: AnswerTimings?
    package var progress: PromptProgress?

    package init(tokens: [Int]? = nil, timings: AnswerTimings? = nil, progress: PromptProgress? = nil) {
        self.tokens = tokens
        self.timings = timings
        self.progress = progress
    }

    /// Takes in what is told beside the next piece.
    package mutating func append(_ next: ToldDetails) {
        if let more = next.tokens { tokens = (tokens ?? []) + more }
        timings = next.timings ?? timings
        progress = next.progress ?? progress
    }

    /// `tokens`, for a choice.
    var tokensJSON: JSONValue? { tokens.map { .array($0.map { JSONValue($0) }) } }

    /// Adds what is told beside the choices.
    func add(to object: inout JSONObject) {
        if let timings { object.append("timings", timings.json) }
        if let progress { object.append("prompt_progress", progress.json) }
    }
}
