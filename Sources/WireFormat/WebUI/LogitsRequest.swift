/// A request of text-generation-webui's clients for what a model finds likely next.
package struct LogitsRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?
    package let prompt: String

    /// Whether the probabilities are those that a token would be drawn by, behind all samplers; otherwise they are the model's
    /// own.
    package let usesSamplers: Bool

    /// How many tokens are told at most.
    package let count: Int

    /// How tokens are drawn; of no effect without `usesSamplers`.
    package let generation: GenerationParameters

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in try Self(reading: &reader) }
    }

    private init(reading reader: inout ObjectReader) throws(APIError) {
        model = try reader.optional(VocabularyParameters.model)
        prompt = try reader.required(Parameters.prompt)
        usesSamplers = try reader.optional(Parameters.usesSamplers) ?? false
        count = try reader.optional(Parameters.count).map { Int($0) } ?? 50
        generation = try GenerationParameters(readingSampling: &reader)
        try reader.check(DormantParameter.logits)
    }

    private enum Parameters {
        static let prompt = Parameter("prompt", StringShape())
        static let usesSamplers = Parameter("use_samplers", BooleanShape())
        static let count = Parameter("top_logits", IntegerShape(minimum: 1, maximum: 10_000))
    }
}

extension DormantParameter {
    /// One token is all that is looked at.
    fileprivate static let logits: [DormantParameter] = [.accepts("max_tokens", IntegerShape(minimum: 0))]
}

/// Texts of tokens and how probable each is, the likeliest first.
///
/// Tokens of the same text count as one.
package struct TokenDistribution: JSONRepresentable, Equatable {
    private var members: [(text: String, probability: Double)] = []
    private var places: [String: Int] = [:]

    package init() {}

    /// Adds a token.
    ///
    /// - Parameters:
    ///   - bytes: What it stands for; where that is not whole characters, it is named by its bytes.
    ///   - probability: 0 to 1.
    package mutating func append(_ bytes: [UInt8], probability: Double) {
        let text = TokenLogprob.Entry(bytes: bytes, logprob: 0).completionText
        if let place = places[text] {
            members[place].probability += probability
        } else {
            places[text] = members.count
            members.append((text, probability))
        }
    }

    package var json: JSONValue { .object(JSONObject(members.map { ($0.text, .number($0.probability)) })) }

    package static func == (left: Self, right: Self) -> Bool { left.json == right.json }
}
