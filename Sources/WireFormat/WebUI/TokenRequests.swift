// What text-generation-webui's clients ask of a model's vocabulary.

/// A text to be cut into tokens, or counted.
package struct EncodeRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?
    package let text: String

    package init(json: JSONValue) throws(APIError) {
        (model, text) = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            (try reader.optional(VocabularyParameters.model), try reader.required(Self.textParameter))
        }
    }

    private static let textParameter = Parameter("text", StringShape())
}

/// Tokens to be turned into text.
package struct DecodeRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?
    /// None is negative; whether the vocabulary has them is for others to check.
    package let tokens: [Int]

    package init(json: JSONValue) throws(APIError) {
        (model, tokens) = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(VocabularyParameters.model)
            return (model, try reader.required(VocabularyParameters.tokens).map { Int($0) })
        }
    }
}

/// What requests about a vocabulary have in common.
enum VocabularyParameters {
    static let model = Parameter("model", StringShape(maximumLength: 1_000))
    static let tokens = Parameter("tokens", ListShape(of: IntegerShape(minimum: 0, maximum: Int64(Int32.max))))
}
